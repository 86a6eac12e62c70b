//! Names that fit no layout: what they are meant to be, and what to rename them to.

use super::{Company, FileName, LAYOUTS, is_dashed, is_dotted, is_half, is_number, known, numbered};
use crate::fault::Fault;

/// Endings of files that hold SQL and are not read.
const ENDINGS: [&str; 3] = [".pgsql", ".psql", ".plpgsql"];

/// Endings of migrations that other tools run as programs.
const PROGRAMS: [&str; 14] =
    [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".py", ".go", ".rb", ".rs", ".php", ".java", ".kt", ".exs"];

/// What stands between the parts of a name.
const SEPARATORS: [char; 4] = ['-', '_', '.', ' '];

/// Whether a file is meant to be a migration, though its name ends in another way.
pub(super) fn is_meant(folder: &str, file: &str) -> bool {
    let stem = ENDINGS.iter().find_map(|ending| file.strip_suffix(ending));
    stem.is_some_and(|stem| known(folder, &format!("{stem}.sql")).is_some()) || of_a_program(folder, file).is_some()
}

/// The stem and the ending of a file that has the name of a versioned migration, and is a program: passed over in silence it
/// would be a change of the schema that is missing.
fn of_a_program<'f>(folder: &str, file: &'f str) -> Option<(String, &'f str)> {
    let stem = PROGRAMS.iter().find_map(|ending| file.strip_suffix(ending))?;
    let name = stem.replacen('-', "_", usize::from(stem.starts_with(|c: char| c.is_ascii_digit())));
    let is_version = matches!(known(folder, &format!("{name}.sql")), Some(FileName::Versioned(_)));
    is_version.then(|| (name, &file[stem.len()..]))
}

/// The fault of a name. `path` is that of the file below the folder of migrations, `display` as messages have it.
pub(super) fn fault(path: &str, display: &str, company: &Company) -> Fault {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folders.rsplit('/').next().unwrap_or(folders);
    let root = display.strip_suffix(path).unwrap_or_default();
    let renamed = |to: &str| format!("rename it to {root}{to}");
    let below = |name: &str| if folders.is_empty() { name.to_owned() } else { format!("{folders}/{name}") };
    if let Some((what, hint)) = of_flyway(file) {
        return Fault::new(display, what).hint(hint);
    }
    if let Some((name, ending)) = of_a_program(folder, file) {
        let hint = format!("write it in SQL as {root}{}, or move it out of the folder", below(&format!("{name}.sql")));
        return Fault::new(display, format!("file name ends in `{ending}`, which is not run")).hint(hint);
    }
    if file == "migration.sql" && known(folder, "up.sql").is_some() {
        return Fault::new(display, "file name as Prisma has it").hint(renamed(&below("up.sql")));
    }
    if is_half(file) || file == "migration.sql" {
        return of_folder(folders, folder, file, display, root);
    }
    if let Some(name) = repaired(file).filter(|name| known(folder, name).is_some()) {
        return Fault::new(display, "file name fits no layout").hint(renamed(&below(&company.adapted(name))));
    }
    if file.contains(|c: char| c.is_ascii_digit()) || file.starts_with("R__") {
        return Fault::new(display, "file name fits no layout").hint(format!("name it like {LAYOUTS}"));
    }
    Fault::new(display, "file name without a version").hint(format!("begin it with one, as in {}", company.next(file)))
}

/// Files of Flyway that are no migrations.
fn of_flyway(file: &str) -> Option<(&'static str, String)> {
    let stem = file.strip_suffix(".sql")?;
    let (prefix, _) = stem.split_once("__").unwrap_or((stem, ""));
    let is_callback = ["before", "after"]
        .iter()
        .any(|when| prefix.strip_prefix(when).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase())));
    match prefix.split_at_checked(1) {
        Some(("U", version)) if is_dotted(version) => Some((
            "undo migration of Flyway",
            "remove it: files named like V1__init.sql have none that reverts them".to_owned(),
        )),
        Some(("B", version)) if is_dotted(version) => Some((
            "baseline migration of Flyway",
            "remove it: a new database runs the versions that it stands for".to_owned(),
        )),
        _ if is_callback => Some((
            "callback of Flyway",
            format!("remove it; or rename it to R__{stem}.sql, which runs when it changes"),
        )),
        _ => None,
    }
}

/// The fault of a file whose folder has the version, and of which that cannot be said.
fn of_folder(folders: &str, folder: &str, file: &str, display: &str, root: &str) -> Fault {
    let half = if is_half(file) { file } else { "up.sql" };
    if folder.is_empty() {
        let hint = format!("move it to {root}2024-01-02-000000_init/{half}: its folder has the version and the name");
        return Fault::new(display, format!("`{file}` outside of a folder of its own")).hint(hint);
    }
    let above = folders.strip_suffix(folder).unwrap_or_default();
    let fault = |what| Fault::new(display, format!("folder name {what}"));
    if !folder.contains(|c: char| c.is_ascii_digit()) {
        return fault("without a version").hint(format!("begin it with one, as in 2024-01-02-000000_{folder}"));
    }
    let digits = folder.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(folder.len());
    let (version, name) = (folder[..digits].trim_end_matches('-'), folder[digits..].trim_start_matches(SEPARATORS));
    let name = if name.is_empty() { "change" } else { name };
    let meant = format!("{version}_{name}");
    match numbered(&meant, is_dashed) {
        Some(_) => fault("fits no layout").hint(format!("rename it to {root}{above}{meant}/{half}")),
        None => fault("fits no layout").hint(format!("name it like {LAYOUTS}")),
    }
}

/// The name that is meant, if that can be told.
fn repaired(file: &str) -> Option<String> {
    let stem = ENDINGS.iter().chain(&[".sql"]).find_map(|ending| {
        let (stem, end) = file.split_at_checked(file.len().checked_sub(ending.len())?)?;
        end.eq_ignore_ascii_case(ending).then_some(stem)
    })?;
    let (stem, direction) = direction(stem);
    let part = |text: &str| {
        let name = text.trim_matches(SEPARATORS);
        if name.is_empty() { "change".to_owned() } else { name.to_owned() }
    };
    let (first, rest) = stem.split_at_checked(1)?;
    match first {
        "R" | "r" if rest.starts_with(SEPARATORS) && direction.is_empty() => Some(format!("R__{}.sql", part(rest))),
        "V" | "v" if direction.is_empty() => {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            Some(format!("V{}__{}.sql", rest[..digits].trim_end_matches('.'), part(&rest[digits..])))
        }
        _ => {
            let digits = stem.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-')).unwrap_or(stem.len());
            let version = stem[..digits].trim_end_matches(['.', '-']);
            let name = part(&stem[digits..]);
            // Numbers with dots are versions in one layout only.
            if version.contains('.') {
                return (is_dotted(version) && direction.is_empty()).then(|| format!("V{version}__{name}.sql"));
            }
            let version = version.replace('-', "");
            is_number(&version).then(|| format!("{version}_{name}{direction}.sql"))
        }
    }
}

/// A name without the word that says what it is for, and how that is written here.
fn direction(stem: &str) -> (String, &'static str) {
    const WORDS: [(&str, &str); 8] = [
        ("do", ".up"),
        ("up", ".up"),
        ("apply", ".up"),
        ("undo", ".down"),
        ("down", ".down"),
        ("rollback", ".down"),
        ("revert", ".down"),
        ("deploy", ".up"),
    ];
    let parts: Vec<&str> = stem.split('.').collect();
    let found = WORDS.iter().find_map(|(word, direction)| {
        let at = parts.iter().position(|part| part.eq_ignore_ascii_case(word))?;
        let others: Vec<&str> = parts[..at].iter().chain(&parts[at + 1..]).copied().collect();
        Some((others.join("."), *direction))
    });
    found.unwrap_or_else(|| (stem.to_owned(), ""))
}

/// The name that is meant by one that begins with a date in parts, of which only the year is taken for the version.
pub(crate) fn dated(version: &str, name: &str) -> Option<String> {
    let mut parts = name.splitn(4, '_');
    let mut digits = |count| parts.next().filter(|part| part.len() == count && is_number(part));
    let (month, day, time) = (digits(2)?, digits(2)?, digits(6)?);
    let rest = parts.next().filter(|rest| !rest.is_empty() && version.len() == 4)?;
    Some(format!("{version}{month}{day}{time}_{rest}.sql"))
}

/// The names of two files of one version, if they are the halves of one migration in the words of another tool: what they
/// are to be renamed to, in their order.
pub(crate) fn halves(version: &str, first: &str, second: &str) -> Option<[String; 2]> {
    const ENDS: [(&str, &str); 8] = [
        ("up", ".up"),
        ("do", ".up"),
        ("apply", ".up"),
        ("down", ".down"),
        ("undo", ".down"),
        ("rollback", ".down"),
        ("revert", ".down"),
        ("drop", ".down"),
    ];
    let split = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let found = ENDS.iter().find_map(|(word, direction)| {
            let base = lower.strip_suffix(word)?;
            base.ends_with(SEPARATORS).then(|| (name[..base.len() - 1].to_owned(), *direction))
        });
        found.unwrap_or_else(|| (name.to_owned(), ""))
    };
    let ((base, of_first), (other, of_second)) = (split(first), split(second));
    let is_pair = of_first != of_second && [of_first, of_second].contains(&".down");
    let named = |direction: &str| {
        let direction = if direction.is_empty() { ".up" } else { direction };
        format!("{version}_{base}{direction}.sql")
    };
    (is_pair && base == other && !base.is_empty()).then(|| [named(of_first), named(of_second)])
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::file_name::{FileName, parse};

    /// The new name that the hint gives is one of ours.
    #[track_caller]
    fn check(path: &str, expected: &str) {
        let fault = parse(path, &format!("db/m/{path}")).expect_err(path);
        let hint = fault.hint_text().unwrap_or_default();
        let renamed = hint.strip_prefix("rename it to db/m/").unwrap_or(hint);
        assert_eq!(renamed, expected, "{fault}");
        assert!(
            matches!(parse(renamed, renamed), Ok(Some(FileName::Versioned(_) | FileName::Repeatable(_)))),
            "{fault}"
        );
    }

    #[test]
    fn b12_what_a_name_is_meant_to_be() {
        check("20240101000000_init/migration.sql", "20240101000000_init/up.sql");
        check("0001-x.sql", "0001_x.sql");
        check("0001-add-users.up.sql", "0001_add-users.up.sql");
        check("000003.sql", "000003_change.sql");
        check("1.down.sql", "1_change.down.sql");
        check("001_.sql", "001_change.sql");
        check("001create.sql", "001_create.sql");
        check("001 create users.sql", "001_create users.sql");
        check("001.create.sql", "001_create.sql");
        check("001_x.SQL", "001_x.sql");
        check("001-x.Up.SQL", "001_x.up.sql");
        check("001_x.psql", "001_x.sql");
        check("V1__x.pgsql", "V1__x.sql");
        check("001.do.create.sql", "001_create.up.sql");
        check("001.undo.create.sql", "001_create.down.sql");
        check("2024-01-02-create.sql", "20240102_create.sql");
        check("1.2_init.sql", "V1.2__init.sql");
        check("V1_x.sql", "V1__x.sql");
        check("v1__x.sql", "V1__x.sql");
        check("V1.2.-x.sql", "V1.2__x.sql");
        check("V1__.sql", "V1__change.sql");
        check("r__x.sql", "R__x.sql");
        check("R_x.sql", "R__x.sql");
        check("20240101-create/up.sql", "20240101_create/up.sql");
        check("20240101/down.sql", "20240101_change/down.sql");
        check("2024-01-02-000000-create/migration.sql", "2024-01-02-000000_create/up.sql");
    }

    /// The new name goes with those of the other files.
    #[track_caller]
    fn check_among(others: &[&str], path: &str, expected: &str) {
        let company = Company::of(others.iter().copied());
        let fault = crate::file_name::among(path, path, &company).expect_err(path);
        let hint = fault.hint_text().unwrap_or_default();
        assert!(hint.ends_with(expected), "{fault}");
        let all = others.iter().copied().chain([expected]).map(|path| {
            let bytes = format!("SELECT '{path}'").into_bytes().into();
            crate::set::File { path: path.to_owned(), bytes }
        });
        assert!(
            crate::set::assemble("m", all, crate::syntax::Syntax::Parser).is_ok(),
            "{expected} does not go with {others:?}"
        );
    }

    #[test]
    fn b12_names_go_with_those_of_others() {
        check_among(&["001_a.sql", "005_b.sql"], "late.sql", "006_late.sql");
        check_among(&["001_a.sql", "009_b.up.sql"], "late.up.sql", "010_late.up.sql");
        check_among(&["20240101000000_a.sql"], "late.sql", "20240101000001_late.sql");
        check_among(&["V1__a.sql", "V1.2__b.sql"], "late.sql", "V1.3__late.sql");
        check_among(&["R__v.sql"], "late.sql", "001_late.sql");
        check_among(&["001_a.sql", "005_b.sql"], "003.5_late.sql", "006_late.sql");
        check_among(&["001_a.sql"], "V2_b.sql", "2_b.sql");
        check_among(&["001_a.sql"], "v2__b.sql", "2_b.sql");
        check_among(&["001_a.sql"], "2.0_b.sql", "002_b.sql");
        check_among(&["V1__a.sql"], "2-b.sql", "V2__b.sql");
        check_among(&["V1__a.sql"], "2.1-b.sql", "V2.1__b.sql");
    }

    #[track_caller]
    fn check_program(path: &str, expected: Option<&str>) {
        let hint = parse(path, path).err().and_then(|fault| fault.hint_text().map(str::to_owned));
        let expected = expected.map(|renamed| format!("write it in SQL as {renamed}, or move it out of the folder"));
        assert_eq!(hint, expected, "{path}");
    }

    #[test]
    fn b12_programs_are_not_passed_over() {
        check_program("1704067200000_a.ts", Some("1704067200000_a.sql"));
        check_program("1704067200000-Init.js", Some("1704067200000_Init.sql"));
        check_program("0001_initial.py", Some("0001_initial.sql"));
        check_program("00002_x.go", Some("00002_x.sql"));
        check_program("V2__x.java", Some("V2__x.sql"));
        check_program("20240101_x.down.rb", Some("20240101_x.down.sql"));
        for none in [
            "mod.rs",
            "m20220101_000001_a.rs",
            "README.md",
            "env.py",
            "index.ts",
            "1.ts",
            "meta/_journal.json",
            "R__v.ts",
        ] {
            check_program(none, None);
            assert_eq!(parse(none, none), Ok(None), "{none}");
        }
    }

    #[test]
    fn b12_dates_in_parts() {
        let dated = |version, name| dated(version, name).unwrap_or_default();
        assert_eq!(dated("2024", "01_02_120000_users"), "20240102120000_users.sql");
        assert_eq!(dated("2024", "01_users"), "");
        assert_eq!(dated("2024", "1_2_120000_users"), "");
        assert_eq!(dated("24", "01_02_120000_users"), "");
        assert_eq!(dated("2024", "01_02_120000_"), "");
    }

    #[test]
    fn b12_messages() {
        let shown = |path: &str| parse(path, &format!("migrations/{path}")).expect_err(path).to_string();
        assert_snapshot!(shown("20240101000000_init/migration.sql"), @"
        file name as Prisma has it
         --> migrations/20240101000000_init/migration.sql
          = hint: rename it to migrations/20240101000000_init/up.sql
        ");
        assert_snapshot!(shown("0001-x.sql"), @"
        file name fits no layout
         --> migrations/0001-x.sql
          = hint: rename it to migrations/0001_x.sql
        ");
        assert_snapshot!(shown("up.sql"), @"
        `up.sql` outside of a folder of its own
         --> migrations/up.sql
          = hint: move it to migrations/2024-01-02-000000_init/up.sql: its folder has the version and the name
        ");
        assert_snapshot!(shown("init/migration.sql"), @"
        folder name without a version
         --> migrations/init/migration.sql
          = hint: begin it with one, as in 2024-01-02-000000_init
        ");
        assert_snapshot!(shown("U1__a.sql"), @"
        undo migration of Flyway
         --> migrations/U1__a.sql
          = hint: remove it: files named like V1__init.sql have none that reverts them
        ");
        assert_snapshot!(shown("B5__a.sql"), @"
        baseline migration of Flyway
         --> migrations/B5__a.sql
          = hint: remove it: a new database runs the versions that it stands for
        ");
        assert_snapshot!(shown("afterMigrate.sql"), @"
        callback of Flyway
         --> migrations/afterMigrate.sql
          = hint: remove it; or rename it to R__afterMigrate.sql, which runs when it changes
        ");
        assert_snapshot!(shown("a1.sql"), @"
        file name fits no layout
         --> migrations/a1.sql
          = hint: name it like 001_init.sql, 001_init.up.sql, V1__init.sql, R__views.sql or 2024-01-02-000000_init/up.sql
        ");
    }

    #[track_caller]
    fn check_halves(first: &str, second: &str, expected: Option<[&str; 2]>) {
        let expected = expected.map(|names| names.map(str::to_owned));
        assert_eq!(halves("001", first, second), expected, "{first}, {second}");
    }

    #[test]
    fn b12_halves_in_the_words_of_others() {
        check_halves("a", "a.rollback", Some(["001_a.up.sql", "001_a.down.sql"]));
        check_halves("a_down", "a_up", Some(["001_a.down.sql", "001_a.up.sql"]));
        check_halves("a-up", "a-down", Some(["001_a.up.sql", "001_a.down.sql"]));
        check_halves("a.undo", "a.do", Some(["001_a.down.sql", "001_a.up.sql"]));
        check_halves("a", "b.rollback", None);
        check_halves("a", "b", None);
        check_halves("a_setup", "a_shutdown", None);
        check_halves("up", "down", None);
    }
}
