//! What to do about a failure.

use std::path::Path;

/// Names the folder of PostgreSQL's programs.
pub(super) const VARIABLE: &str = "ATLAS_MIGRATE_PG_BIN";

pub(super) const UNIX_TOOLS: &str = "this needs the ordinary Unix tools (cp, df, id, mkfifo, sh) in the PATH";
pub(super) const SETTINGS: &str = "if the server refuses a setting, correct it; else see what its log says";
pub(super) const INITDB: &str = "see what initdb says; the server's folder needs 50 MB of free space";
pub(super) const CACHE: &str = "make one of these folders this user's own, where it can write";
pub(super) const TEMPLATES: &str = "remove that folder; it holds nothing that is not made again";
pub(super) const SWEEP: &str = "remove by hand what is left over there";
pub(super) const RECORD: &str = "look there for what is wrong; when no test is running, the folder can be removed";
pub(super) const PRIVATE: &str = "start one of your own with `private()`";
pub(super) const START_NEW: &str = "start a new server instead of this one";
pub(super) const TRY_AGAIN: &str = "try again: other processes were faster each time";
pub(super) const NO_ROOT: &str = "PostgreSQL does not run as root: make a user `postgres`, or run this as another user";
#[cfg(not(unix))]
pub(super) const ELSEWHERE: &str = "start a PostgreSQL server yourself";
pub(super) const STARTING: &str = "see what that process waits for; the lock ends with it";
pub(super) const FREE_SPACE: &str = "see that there is free space, and that nobody tidies up there at the same time";

pub(super) fn programs() -> String {
    format!("set {VARIABLE} to the folder that both are in, such as /usr/lib/postgresql/17/bin")
}

pub(super) fn other_programs() -> String {
    format!("{VARIABLE} can name another folder; the server's user must be able to run what is in it")
}

pub(super) fn newer_programs() -> String {
    format!("install a newer PostgreSQL, or let {VARIABLE} name its folder")
}

pub(super) fn newer_version(oldest: u32) -> String {
    format!("ask for version {oldest} or a later one")
}

pub(super) fn room(uid: u32) -> String {
    format!("let TMPDIR name a folder that uid {uid} can reach and write to")
}

pub(super) fn registry() -> String {
    format!("look at npm's registry setting; or {}", install())
}

/// Where there is no PostgreSQL on the machine.
pub(super) fn install() -> String {
    const INSTALLERS: [(&str, &str); 6] = [
        ("/opt/homebrew/bin/brew", "brew install postgresql@17"),
        ("/usr/local/bin/brew", "brew install postgresql@17"),
        ("/usr/bin/apt-get", "apt-get install postgresql"),
        ("/usr/bin/dnf", "dnf install postgresql-server"),
        ("/sbin/apk", "apk add postgresql"),
        ("/usr/bin/pacman", "pacman -S postgresql"),
    ];
    let command = INSTALLERS.iter().find(|(installer, _)| Path::new(installer).exists()).map(|(_, command)| *command);
    let command = command.unwrap_or("see https://www.postgresql.org/download/");
    format!("install PostgreSQL ({command}), or let {VARIABLE} name the folder of its `postgres` and `initdb`")
}
