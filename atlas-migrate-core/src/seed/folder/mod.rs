//! The seeds of a folder: their order, and what is wrong with them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};
use std::panic::resume_unwind;
use std::thread;

use super::buffer::unreadable;
use super::policy::{Sidecar, misplaced_mark};
use super::{Content, Format, PRODUCTION, Policy, Rows, Seed, sql};
use crate::checksum::{Checksum, normalized};
use crate::fault::Fault;
use crate::script::nul;
use crate::seed_name::{self, FileName};
use crate::set::{display, utf8};
use crate::syntax::Syntax;
use crate::{rules, statement};

/// A file of the folder.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path below the folder, with `/` between its parts.
    pub path: String,
    /// Its content, or where it is.
    pub content: Content,
}

/// Makes the seeds of a folder of all the files in it, in the order in which they run: first those for all environments,
/// then those of each environment, by path.
///
/// `folder` is how messages name the folder. `open` opens the content of a file, and is called several times for one.
/// Files that are none of ours are passed over by their names alone.
///
/// # Errors
///
/// Everything that is wrong with the folder, by path and position: names without a table, all that is wrong with SQL, a
/// policy or directives, and the first thing that is wrong in a file of rows.
pub fn assemble(
    folder: &str,
    files: impl IntoIterator<Item = File>,
    syntax: Syntax,
    open: impl Fn(&Content) -> io::Result<Box<dyn BufRead + '_>> + Sync,
) -> Result<Vec<Seed>, Vec<Fault>> {
    let mut reader = Reader { open, syntax, faults: Vec::new() };
    let (mut seeds, mut policies) = (Vec::new(), BTreeMap::new());
    for file in files {
        let path = display(folder, &file.path);
        match seed_name::parse(&file.path, &path) {
            Ok(None) => {}
            Ok(Some(FileName::Seed(format))) => seeds.push((format, path, file)),
            Ok(Some(FileName::Policy(of))) => {
                policies.insert(of.to_owned(), (reader.policy(&path, &file.content), path));
            }
            Err(fault) => reader.faults.push(fault),
        }
    }
    seeds.sort_by(|(_, _, left), (_, _, right)| seed_name::order(&left.path, &right.path));
    let is_empty = seeds.is_empty();
    let mut read = Vec::new();
    for (format, path, File { path: name, content }) in seeds {
        let sidecar = policies.remove(&name).and_then(|(sidecar, _)| sidecar);
        if let Some((policy, checksum)) = reader.seed(format, &name, &path, &content, sidecar.as_ref()) {
            read.push(Seed::new(name.into(), path.into(), format, policy, checksum, content));
        }
    }
    let mut faults = reader.faults;
    faults.extend(policies.into_values().map(|(_, path)| {
        let file = path.strip_suffix(".toml").unwrap_or(&path);
        Fault::new(&path, "policy of a file that is not there").hint(format!("add {file}, or remove this one"))
    }));
    if is_empty && faults.is_empty() {
        let folder = if folder.is_empty() { "." } else { folder };
        let fault = Fault::new(folder, "no seeds in this folder");
        faults.push(fault.hint("add a file with a name like 010_users.csv"));
    }
    faults.sort();
    if faults.is_empty() { Ok(read) } else { Err(faults) }
}

struct Reader<O> {
    open: O,
    syntax: Syntax,
    faults: Vec<Fault>,
}

impl<O: Fn(&Content) -> io::Result<Box<dyn BufRead + '_>> + Sync> Reader<O> {
    fn seed(
        &mut self,
        format: Format,
        name: &str,
        path: &str,
        content: &Content,
        sidecar: Option<&Sidecar>,
    ) -> Option<(Policy, Checksum)> {
        let environment = seed_name::environment(name);
        let is_for_another = environment.is_some_and(|environment| environment != PRODUCTION);
        let (mut policy, checksum) = match format {
            Format::Sql => self.sql(path, content, is_for_another)?,
            _ => {
                let mark = sidecar.filter(|_| is_for_another).and_then(Sidecar::check_production);
                self.faults.extend(mark);
                let checksum = self.rows(format, path, content, sidecar)?;
                (sidecar.map_or(Policy::DEFAULT, |sidecar| sidecar.policy.clone()), checksum)
            }
        };
        policy.production |= environment == Some(PRODUCTION);
        Some((policy, checksum))
    }

    fn sql(&mut self, path: &str, content: &Content, is_for_another: bool) -> Option<(Policy, Checksum)> {
        let text = self.text(path, content)?;
        let text = normalized(&text);
        if rules::is_unwritten(&text, &statement::split(&text)) {
            let hint = "write its SQL; or say in a comment that it is meant: `-- nothing to load`";
            let fault = Fault::new(path, "empty seed").hint(hint);
            self.faults.push(fault);
            return None;
        }
        match sql::read(path, &text, self.syntax) {
            Ok((_, directives)) => {
                let mark = directives.span("production");
                let production = mark.is_some();
                let misplaced = mark.filter(|_| is_for_another).map(|span| misplaced_mark(path, &text, span));
                self.faults.extend(misplaced);
                let run = directives.said.run.unwrap_or(Policy::DEFAULT.run);
                Some((Policy { run, production, ..Policy::DEFAULT }, Checksum::of(&text)))
            }
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }

    fn rows(&mut self, format: Format, path: &str, content: &Content, sidecar: Option<&Sidecar>) -> Option<Checksum> {
        let open = &self.open;
        let digest = || {
            open(content).and_then(|input| match sidecar {
                // No file has a NUL, so that nothing of one can be taken for the other.
                Some(sidecar) => Checksum::of_reader(input.chain(&b"\0"[..]).chain(sidecar.text.as_bytes())),
                None => Checksum::of_reader(input),
            })
        };
        // Of a large file each takes its time, so they go side by side.
        let (columns, digest) = thread::scope(|scope| {
            let digest = scope.spawn(digest);
            (check(format, path, || open(content)), digest.join())
        });
        let columns = columns.map_err(|fault| self.faults.push(fault)).ok()?;
        self.faults.extend(sidecar.into_iter().flat_map(|sidecar| sidecar.check_columns(&columns)));
        let digest = digest.unwrap_or_else(|panic| resume_unwind(panic));
        digest.map_err(|error| self.faults.push(unreadable(path, &error))).ok()
    }

    fn policy(&mut self, path: &str, content: &Content) -> Option<Sidecar> {
        let text = self.text(path, content)?;
        Sidecar::read(path, &text).map_err(|faults| self.faults.extend(faults)).ok()
    }

    fn text(&mut self, path: &str, content: &Content) -> Option<Cow<'static, str>> {
        let mut bytes = Vec::new();
        let read = (self.open)(content).and_then(|mut input| input.read_to_end(&mut bytes));
        let text = match read {
            Ok(_) => utf8(path, bytes.into()),
            Err(error) => Err(unreadable(path, &error)),
        };
        let text = text.and_then(|text| nul(path, &normalized(&text)).map_or(Ok(text), Err));
        text.map_err(|fault| self.faults.push(fault)).ok()
    }
}

/// Reads all rows of a file; its columns.
fn check<R: BufRead>(format: Format, path: &str, open: impl FnMut() -> io::Result<R>) -> Result<Vec<String>, Fault> {
    let mut rows = Rows::open(format, path, open)?;
    // All of JSON was read for its columns.
    if format == Format::Csv {
        while rows.next()?.is_some() {}
    }
    Ok(rows.columns().to_vec())
}

#[cfg(test)]
mod tests;
