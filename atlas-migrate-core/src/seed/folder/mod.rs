//! The seeds of a folder: their order, and what is wrong with them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use super::buffer::unreadable;
use super::policy::{Sidecar, misplaced_mark};
use super::{Content, Format, PRODUCTION, Policy, Seed, rows, sql};
use crate::checksum::stream::Stream;
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
/// `folder` is how messages name the folder. `open` opens the content of a file, and is called once for each.
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
    open: impl Fn(&Content) -> io::Result<Box<dyn Read + '_>>,
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
        let started = Instant::now();
        if let Some(found) = reader.seed(format, &name, &path, &content, sidecar.as_ref()) {
            let Found { policy, checksum, text, columns } = found;
            let seed = Seed::new(name.into(), path.into(), format, policy, checksum, columns.into(), content);
            read.push(Seed { check: started.elapsed(), text: Some(text), ..seed });
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

/// What a file was found to have.
struct Found {
    policy: Policy,
    checksum: Checksum,
    /// Of its text alone.
    text: Checksum,
    columns: Vec<Cow<'static, str>>,
}

impl<O: Fn(&Content) -> io::Result<Box<dyn Read + '_>>> Reader<O> {
    fn seed(
        &mut self,
        format: Format,
        name: &str,
        path: &str,
        content: &Content,
        sidecar: Option<&Sidecar>,
    ) -> Option<Found> {
        let environment = seed_name::environment(name);
        let is_for_another = environment.is_some_and(|environment| environment != PRODUCTION);
        let mut found = match format {
            Format::Sql => self.sql(path, content, is_for_another)?,
            _ => {
                let mark = sidecar.filter(|_| is_for_another).and_then(Sidecar::check_production);
                self.faults.extend(mark);
                self.rows(format, path, content, sidecar)?
            }
        };
        found.policy.production |= environment == Some(PRODUCTION);
        Some(found)
    }

    fn sql(&mut self, path: &str, content: &Content, is_for_another: bool) -> Option<Found> {
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
                let policy = Policy { run, production, ..Policy::DEFAULT };
                let checksum = Checksum::of(&text);
                Some(Found { policy, checksum, text: checksum, columns: Vec::new() })
            }
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }

    fn rows(&mut self, format: Format, path: &str, content: &Content, sidecar: Option<&Sidecar>) -> Option<Found> {
        // Of a large file each takes its time, so that they go side by side, over the same bytes.
        let (pieces, received) = sync_channel(PIECES);
        let (columns, checksum) = thread::scope(|scope| {
            let checksum = scope.spawn(move || {
                let mut stream = Stream::new();
                received.into_iter().for_each(|piece: Vec<u8>| stream.add(&piece));
                let text = stream.clone().finish();
                if let Some(sidecar) = sidecar {
                    // No file has a NUL, so that nothing of one can be taken for the other.
                    stream.add(b"\0");
                    stream.add(sidecar.text.as_bytes());
                }
                (stream.finish(), text)
            });
            let input = (self.open)(content).map_err(|error| unreadable(path, &error));
            (input.and_then(|input| rows::check(format, path, Tee { input, pieces })), checksum.join())
        });
        let (checksum, text) = checksum.unwrap_or_else(|panic| resume_unwind(panic));
        let columns = columns.map_err(|fault| self.faults.push(fault)).ok()?;
        self.faults.extend(sidecar.into_iter().flat_map(|sidecar| sidecar.check_columns(columns.names())));
        let policy = sidecar.map_or(Policy::DEFAULT, |sidecar| sidecar.policy.clone());
        Some(Found { policy, checksum, text, columns: columns.into_names().map(Cow::Owned).collect() })
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

/// How many pieces of a file wait for those who count them in.
const PIECES: usize = 4;

/// Gives on what is read of a file.
struct Tee<R> {
    input: R,
    pieces: SyncSender<Vec<u8>>,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.pieces.send(buffer[..length].to_vec()).map_err(io::Error::other)?;
        Ok(length)
    }
}

#[cfg(test)]
mod tests;
