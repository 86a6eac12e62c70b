//! The migrations of a folder: their order, and what is wrong between them.

mod settings;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::checksum::normalized;
use crate::fault::Fault;
use crate::file_name::{self, Company, FileName, Layout, Reach, Versioned};
use crate::migration::{Direction, Kind, Migration, Script, Transaction};
use crate::script::Context;
use crate::syntax::Syntax;
use crate::version::Version;
use crate::{rules, statement};

/// A file of the folder, with its content.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path below the folder, with `/` between its parts.
    pub path: String,
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
}

/// Makes the migrations of a folder of all the files in it, in the order in which they run: by version, and then the
/// repeatable ones by name.
///
/// `folder` is how messages name the folder. Files that are none of ours are passed over by their names alone, so that
/// their content need not be read; so are files in folders below, unless the layout's tool [reads](file_name::Reach) them.
///
/// # Errors
///
/// Everything that is wrong with the folder, by path and position: names without a version, layouts mixed, versions given
/// twice, a file that reverts what no file applies, content that is not UTF-8 or not written yet, all that
/// [`Script::parse`] finds, and a folder without any migration.
pub fn assemble(
    folder: &str,
    files: impl IntoIterator<Item = File>,
    syntax: Syntax,
) -> Result<Vec<Migration>, Vec<Fault>> {
    let mut set = Set { syntax, ..Set::default() };
    let mut files: Vec<File> = files.into_iter().collect();
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let paths = || files.iter().map(|file| file.path.as_str());
    let reach = Reach::of(paths());
    set.passed_over = reach.passed_over(folder, paths());
    files.retain(|file| reach.has(&file.path));
    set.company = Company::of(files.iter().map(|file| file.path.as_str()));
    let mut scripts = Vec::new();
    for file in files {
        let display = display(folder, &file.path);
        match file_name::among(&file.path, &display, &set.company) {
            Err(fault) => set.faults.push(fault),
            Ok(None) => {}
            Ok(Some(FileName::Settings(version))) => set.settings(display, version, &file.bytes),
            Ok(Some(name)) => scripts.push((name, display, file.bytes)),
        }
    }
    // Settings say how scripts are to be read, so they come first.
    for (name, path, bytes) in scripts {
        set.script(name, path, bytes);
    }
    set.finish(folder)
}

/// How messages name a file of a folder.
pub(crate) fn display(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
}

/// A file of a migration that was read; without a script if there are faults in it.
struct Entry {
    path: String,
    name: String,
    script: Option<Script>,
}

#[derive(Default)]
struct Set {
    syntax: Syntax,
    company: Company,
    /// What is said of folders whose files are not read.
    passed_over: Vec<String>,
    faults: Vec<Fault>,
    settings: BTreeMap<Version, (String, Transaction)>,
    layouts: BTreeMap<Layout, String>,
    up: BTreeMap<Version, Entry>,
    down: BTreeMap<Version, Entry>,
    repeatable: BTreeMap<String, Entry>,
}

impl Set {
    fn settings(&mut self, path: String, version: Version, bytes: &[u8]) {
        let transaction = settings::read(&path, bytes, &mut self.faults);
        self.settings.insert(version, (path, transaction));
    }

    fn script(&mut self, file: FileName, path: String, bytes: Cow<'static, [u8]>) {
        match file {
            FileName::Versioned(Versioned { layout, version, name, direction }) => {
                self.layouts.entry(layout).or_insert_with(|| path.clone());
                let transaction = match self.settings.get(&version) {
                    Some((_, transaction)) if layout == Layout::Folders => *transaction,
                    _ => Transaction::Wrapped,
                };
                let script = self.read(&path, bytes, Context { direction, transaction, syntax: self.syntax });
                let entries = if direction == Direction::Up { &mut self.up } else { &mut self.down };
                let entry = Entry { path, name, script };
                if let Some(first) = entries.get(&version) {
                    self.faults.push(duplicate(first, &entry, (layout, direction), &version, &self.company));
                } else {
                    entries.insert(version, entry);
                }
            }
            FileName::Repeatable(name) => {
                let transaction = Transaction::Wrapped;
                let context = Context { direction: Direction::Up, transaction, syntax: self.syntax };
                let script = self.read(&path, bytes, context);
                if let Some(first) = self.repeatable.get(&name) {
                    let fault = Fault::new(path, format!("duplicate name {name}: {} has it too", first.path));
                    self.faults.push(fault.hint("rename one of the two"));
                } else {
                    self.repeatable.insert(name.clone(), Entry { path, name, script });
                }
            }
            FileName::Settings(_) => {}
        }
    }

    fn read(&mut self, path: &str, bytes: Cow<'static, [u8]>, context: Context) -> Option<Script> {
        let text = match utf8(path, bytes) {
            Ok(text) => text,
            Err(fault) => {
                self.faults.push(fault);
                return None;
            }
        };
        let normal = normalized(&text);
        // Somebody made it without a word: reverting does nothing but forget.
        let is_blank_down = context.direction == Direction::Down && normal.trim().is_empty();
        if !is_blank_down && rules::is_unwritten(&normal, &statement::split(&normal)) {
            let hint = "write its SQL; or say in a comment that it is meant: `-- nothing to do`";
            self.faults.push(Fault::new(path, "empty migration").hint(hint));
            return None;
        }
        drop(normal);
        Script::read(path.to_owned().into(), text, context).map_err(|faults| self.faults.extend(faults)).ok()
    }

    fn finish(mut self, folder: &str) -> Result<Vec<Migration>, Vec<Fault>> {
        // Of no name, it is where all paths begin.
        let folder = if folder.is_empty() { "." } else { folder };
        if self.layouts.len() > 1 {
            let found: Vec<&str> = self.layouts.values().map(String::as_str).collect();
            let message = format!("layouts are mixed: {}", found.join(", "));
            self.faults.push(Fault::new(folder, message).hint("name all files after one layout"));
        }
        for (version, down) in &self.down {
            match self.up.get(version) {
                None => self.faults.push(
                    Fault::new(&down.path, format!("reverts version {version}, which no file applies"))
                        .hint("add the file that applies it, or remove this one"),
                ),
                Some(up) if up.name != down.name => self.faults.push(
                    Fault::new(&down.path, format!("reverts `{}`, but version {version} is `{}`", down.name, up.name))
                        .hint(of_another_name(down, up)),
                ),
                Some(_) => {}
            }
        }
        for (version, (path, _)) in self.settings.iter().filter(|(version, _)| !self.up.contains_key(version)) {
            self.faults.push(
                Fault::new(path, format!("settings of version {version}, which no file applies"))
                    .hint("add up.sql beside them, or remove them"),
            );
        }
        let is_empty = self.up.is_empty() && self.down.is_empty() && self.repeatable.is_empty();
        if is_empty && self.faults.is_empty() {
            let fault = Fault::new(folder, "no migrations in this folder");
            self.faults.push(match self.passed_over.as_slice() {
                [] => fault.hint("add a file with a name like 001_init.sql"),
                passed_over => fault.hint(format!("move the files up: {}", passed_over.join("; "))),
            });
        }
        if !self.faults.is_empty() {
            self.faults.sort();
            return Err(self.faults);
        }
        let mut down = self.down;
        let versioned = self.up.into_iter().filter_map(|(version, up)| {
            let down = down.remove(&version).and_then(|down| down.script);
            Some(Migration::new(version, up.name.into(), Kind::Versioned, up.script?, down))
        });
        let repeatable = self.repeatable.into_values().filter_map(|entry| {
            let version = Version::new(format!("R__{}", entry.name));
            Some(Migration::new(version, entry.name.into(), Kind::Repeatable, entry.script?, None))
        });
        Ok(versioned.chain(repeatable).collect())
    }
}

/// The fault of a second file of one version.
fn duplicate(
    first: &Entry,
    second: &Entry,
    (layout, direction): (Layout, Direction),
    version: &Version,
    company: &Company,
) -> Fault {
    let fault = Fault::new(&second.path, format!("duplicate version {version}: {} has it too", first.path));
    let is_numbered = layout == Layout::Numbered;
    let halves = file_name::halves(version.as_str(), &first.name, &second.name).filter(|_| is_numbered);
    let dated = |entry: &Entry| file_name::dated(version.as_str(), &entry.name).filter(|_| is_numbered);
    fault.hint(match (halves, dated(first).zip(dated(second))) {
        (Some([one, other]), _) => {
            format!("they are halves of one migration: rename {} to {one}, and {} to {other}", first.path, second.path)
        }
        (None, Some((one, other))) => {
            format!("write dates without `_`: rename {} to {one}, and {} to {other}", first.path, second.path)
        }
        (None, None) => {
            let file = second.path.rsplit('/').next().unwrap_or(&second.path);
            let mark = if layout == Layout::Flyway { "__" } else { "_" };
            match file.split_once(mark).filter(|_| direction == Direction::Up && layout != Layout::Folders) {
                Some((_, name)) => {
                    format!("give the one that no database has yet a version of its own, as in {}", company.next(name))
                }
                None => "rename one of the two".to_owned(),
            }
        }
    })
}

/// What to do about a file that reverts, and has another name than the one that applies.
fn of_another_name(down: &Entry, up: &Entry) -> String {
    let (folder, _) = down.path.rsplit_once('/').unwrap_or(("", &down.path));
    match file_name::down_of(&up.path) {
        // In folders it is the folder that has the name.
        Some(name) if !name.ends_with("/down.sql") => format!("rename it to {name}"),
        _ => format!("rename {folder} to {}", up.path.rsplit_once('/').map_or("", |(folder, _)| folder)),
    }
}

/// The text of a file.
pub(crate) fn utf8(path: &str, bytes: Cow<'static, [u8]>) -> Result<Cow<'static, str>, Fault> {
    let error = match bytes {
        Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => return Ok(Cow::Borrowed(text)),
            Err(error) => (error, Cow::Borrowed(bytes)),
        },
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Ok(Cow::Owned(text)),
            Err(error) => (error.utf8_error(), Cow::Owned(error.into_bytes())),
        },
    };
    let (error, bytes) = error;
    let start = error.valid_up_to();
    let text = String::from_utf8_lossy(&bytes);
    let label = format!("byte 0x{:02x}", bytes[start]);
    let end = start + char::REPLACEMENT_CHARACTER.len_utf8();
    Err(Fault::new(path, "not UTF-8").at(&text, start..end, label).hint("save the file as UTF-8"))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
