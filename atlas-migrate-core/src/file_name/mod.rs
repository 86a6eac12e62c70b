//! What the name of a file says.

mod company;
mod misnamed;
mod reach;

pub(crate) use self::company::Company;
pub(crate) use self::misnamed::{dated, halves};
pub use self::reach::Reach;
use crate::fault::Fault;
use crate::migration::Direction;
use crate::version::Version;

/// What a file is, by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileName {
    /// `001_init.sql`, `V1__init.sql`, `2024-01-02-000000_init/up.sql` and their like.
    Versioned(Versioned),
    /// `R__views.sql`: its name without `R__` and `.sql`.
    Repeatable(String),
    /// `2024-01-02-000000_init/metadata.toml`: diesel's settings for the migration of this folder.
    Settings(Version),
}

/// The name of a file of a versioned migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The family of names that it belongs to.
    pub layout: Layout,
    /// The version, as it is written.
    pub version: Version,
    /// What stands behind the version.
    pub name: String,
    /// What the file is for; without a word of it in its name, to apply.
    pub direction: Direction,
}

/// The families of names. One folder has files of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// `001_init.sql`, `20250123000001_init.up.sql`.
    Numbered,
    /// `V1__init.sql`, `V1.2__init.sql`.
    Flyway,
    /// `2024-01-02-000000_init/up.sql`.
    Folders,
}

const LAYOUTS: &str = "001_init.sql, 001_init.up.sql, V1__init.sql, R__views.sql or 2024-01-02-000000_init/up.sql";

/// Reads the name of a file: its path below the folder of migrations, with `/` between its parts.
///
/// `None` is a file that is none of ours: it does not end in `.sql`, or something in its path is hidden (begins with a
/// dot). `display` is the path that messages name.
///
/// # Errors
///
/// A file that ends in `.sql` and has no name that says its version; one that has such a name, and is of another language.
pub fn parse(path: &str, display: &str) -> Result<Option<FileName>, Fault> {
    among(path, display, &Company::default())
}

/// [`parse`], with hints that go with the names of the other files.
pub(crate) fn among(path: &str, display: &str, company: &Company) -> Result<Option<FileName>, Fault> {
    if path.split('/').any(|part| part.starts_with('.')) {
        return Ok(None);
    }
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folders.rsplit('/').next().unwrap_or(folders);
    if file == "metadata.toml" {
        return Ok(numbered(folder, is_dashed).map(|(version, _)| FileName::Settings(version)));
    }
    if !is_sql(file) && !misnamed::is_meant(folder, file) {
        return Ok(None);
    }
    known(folder, file).map(Some).ok_or_else(|| misnamed::fault(path, display, company))
}

/// Whether a name ends in `.sql`, in whatever case.
pub fn is_sql(path: &str) -> bool {
    path.len() >= 4 && path.as_bytes()[path.len() - 4..].eq_ignore_ascii_case(b".sql")
}

/// The path of the file that reverts what the file with this path applies, in a layout that has such files.
pub(crate) fn down_of(path: &str) -> Option<String> {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folders.rsplit('/').next().unwrap_or(folders);
    let FileName::Versioned(Versioned { layout, version, name, .. }) = known(folder, file)? else { return None };
    let down = match layout {
        Layout::Numbered => format!("{version}_{name}.down.sql"),
        Layout::Folders => "down.sql".to_owned(),
        Layout::Flyway => return None,
    };
    Some(if folders.is_empty() { down } else { format!("{folders}/{down}") })
}

/// Whether a file is one of ours, or was meant to be: the content of others need not be read.
pub fn is_ours(path: &str) -> bool {
    parse(path, path) != Ok(None)
}

/// Whether a file's name alone says no more than which half of a migration it is.
fn is_half(file: &str) -> bool {
    matches!(file, "up.sql" | "down.sql")
}

fn known(folder: &str, file: &str) -> Option<FileName> {
    let stem = file.strip_suffix(".sql")?;
    if is_half(file) {
        let direction = if stem == "up" { Direction::Up } else { Direction::Down };
        let (version, name) = numbered(folder, is_dashed)?;
        return Some(FileName::Versioned(Versioned { layout: Layout::Folders, version, name, direction }));
    }
    let (stem, direction) = if let Some(stem) = stem.strip_suffix(".down") {
        (stem, Some(Direction::Down))
    } else {
        (stem.strip_suffix(".up").unwrap_or(stem), stem.ends_with(".up").then_some(Direction::Up))
    };
    if let Some((version, name)) = numbered(stem, is_number) {
        let direction = direction.unwrap_or(Direction::Up);
        return Some(FileName::Versioned(Versioned { layout: Layout::Numbered, version, name, direction }));
    }
    // Flyway has no suffixes, and a repeatable migration nothing to revert to.
    let (prefix, name) = stem.split_once("__").filter(|(_, name)| !name.is_empty() && direction.is_none())?;
    let name = name.to_owned();
    match prefix.strip_prefix('V') {
        Some(version) => is_dotted(version).then(|| {
            let version = Version::new(version.to_owned());
            FileName::Versioned(Versioned { layout: Layout::Flyway, version, name, direction: Direction::Up })
        }),
        None => (prefix == "R").then_some(FileName::Repeatable(name)),
    }
}

/// `version_name`, the version being what `is_version` takes.
fn numbered(text: &str, is_version: fn(&str) -> bool) -> Option<(Version, String)> {
    let (version, name) = text.split_once('_')?;
    (is_version(version) && !name.is_empty()).then(|| (Version::new(version.to_owned()), name.to_owned()))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_dashed(text: &str) -> bool {
    text.split('-').all(is_number)
}

fn is_dotted(text: &str) -> bool {
    text.split(['.', '_']).all(is_number)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::Direction::{Down, Up};
    use super::Layout::{Flyway, Folders, Numbered};
    use super::*;

    #[track_caller]
    fn check(path: &str, layout: Layout, version: &'static str, name: &str, direction: Direction) {
        let (version, name) = (Version::from_static(version), name.to_owned());
        let expected = FileName::Versioned(Versioned { layout, version: version.clone(), name, direction });
        let actual = parse(path, path).unwrap_or_default();
        assert_eq!(actual, Some(expected), "{path}");
        let Some(FileName::Versioned(actual)) = actual else { return };
        assert_eq!(actual.version.as_str(), version.as_str(), "{path}");
    }

    #[test]
    fn versioned() {
        check("001_init.sql", Numbered, "001", "init", Up);
        check("20250123000001_create_users.sql", Numbered, "20250123000001", "create_users", Up);
        check("1_a.up.sql", Numbered, "1", "a", Up);
        check("1_a.down.sql", Numbered, "1", "a", Down);
        check("1_up.sql", Numbered, "1", "up", Up);
        check("1_a.b c.sql", Numbered, "1", "a.b c", Up);
        check("2025/01/0001_é.sql", Numbered, "0001", "é", Up);
        check("V1__init.sql", Flyway, "1", "init", Up);
        check("V1.2__add_users.sql", Flyway, "1.2", "add_users", Up);
        check("V1_2__add__users.sql", Flyway, "1_2", "add__users", Up);
        check("a/V2__b.sql", Flyway, "2", "b", Up);
        check("2024-01-02-000000_init/up.sql", Folders, "2024-01-02-000000", "init", Up);
        check("2024-01-02-000000-0001_init/down.sql", Folders, "2024-01-02-000000-0001", "init", Down);
        check("a/00000000000000_diesel_initial_setup/up.sql", Folders, "00000000000000", "diesel_initial_setup", Up);
    }

    #[test]
    fn others_of_ours() {
        assert_eq!(parse("R__views.sql", ""), Ok(Some(FileName::Repeatable("views".to_owned()))));
        let settings = FileName::Settings(Version::from_static("2024-01-02-000000"));
        assert_eq!(parse("2024-01-02-000000_a/metadata.toml", ""), Ok(Some(settings)));
    }

    #[test]
    fn none_of_ours() {
        for path in
            ["", "README.md", "001_init.sql.bak", "metadata.toml", ".001_init.sql", ".git/001_init.sql", "sql", "é"]
        {
            assert_eq!(parse(path, path), Ok(None), "{path}");
            assert!(!is_ours(path), "{path}");
        }
    }

    #[test]
    fn without_a_version() {
        for path in [
            "init.sql",
            "init.up.sql",
            "_init.sql",
            "001.sql",
            "001_.sql",
            "001_.up.sql",
            "001-init.sql",
            "v1__init.sql",
            "V1_init.sql",
            "V__init.sql",
            "V1.__init.sql",
            "V1__.sql",
            "V1__a.down.sql",
            "U1__a.sql",
            "R__.sql",
            "R__a.up.sql",
            "1.2_init.sql",
            "001_init.SQL",
            "init/up.sql",
            "2024-_a/up.sql",
            "up.sql",
            "a_b/001/down.sql",
            "1a_b.sql",
        ] {
            assert!(parse(path, path).is_err(), "{path}");
            assert!(is_ours(path), "{path}");
        }
    }

    #[test]
    fn messages() {
        assert_snapshot!(parse("init.up.sql", "migrations/init.up.sql").unwrap_err(), @"
        file name without a version
         --> migrations/init.up.sql
          = hint: begin it with one, as in 001_init.up.sql
        ");
        assert_snapshot!(parse("init/up.sql", "migrations/init/up.sql").unwrap_err(), @"
        folder name without a version
         --> migrations/init/up.sql
          = hint: begin it with one, as in 2024-01-02-000000_init
        ");
    }

    proptest! {
        #[test]
        fn nothing_panics(path in "([VR0-9_./a-]|up|down|\\.sql|metadata\\.toml|\\PC){0,12}") {
            let _ = parse(&path, &path);
        }
    }
}
