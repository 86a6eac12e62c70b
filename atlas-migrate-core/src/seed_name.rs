//! What the path of a seed says: how it is written, which environment and which table it is for.

use std::cmp::Ordering;

use crate::fault::Fault;

/// The environment in which nothing runs but what is marked for it.
pub const PRODUCTION: &str = "production";

/// Whether this is the name of that environment. Capitals do not count: what somebody has marked as `Production` is meant to be
/// safe.
pub fn is_production(environment: &str) -> bool {
    environment.eq_ignore_ascii_case(PRODUCTION)
}

/// How a file of data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `.sql`: statements, and the `COPY … FROM stdin` blocks that `pg_dump` writes.
    Sql,
    /// `.csv`: a header and rows.
    Csv,
    /// `.json`: an array of objects.
    Json,
    /// `.ndjson` or `.jsonl`: an object in each line.
    Ndjson,
}

/// What a file of the folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileName<'p> {
    /// A file of data.
    Seed(Format),
    /// The policy of the file of rows that has this path.
    Policy(&'p str),
}

const EXTENSIONS: [(&str, Format); 5] = [
    (".sql", Format::Sql),
    (".csv", Format::Csv),
    (".json", Format::Json),
    (".ndjson", Format::Ndjson),
    (".jsonl", Format::Ndjson),
];

/// Ends of files that have data and are not read, with what to do about it: `NAME` is what stands before.
const UNREAD: [(&str, &str); 15] = [
    (".tsv", "convert it to CSV with a header, and name it NAME.csv"),
    (".tab", "convert it to CSV with a header, and name it NAME.csv"),
    (".psv", "convert it to CSV with a header, and name it NAME.csv"),
    (".yaml", "convert it to JSON, an array of objects, and name it NAME.json"),
    (".yml", "convert it to JSON, an array of objects, and name it NAME.json"),
    (".xml", "convert it to JSON, an array of objects, and name it NAME.json"),
    (".xlsx", "save it as CSV with a header, and name it NAME.csv"),
    (".xls", "save it as CSV with a header, and name it NAME.csv"),
    (".ods", "save it as CSV with a header, and name it NAME.csv"),
    (".parquet", "convert it to CSV with a header, and name it NAME.csv"),
    (".psql", "if it has SQL and no commands of psql, name it NAME.sql"),
    (".pgsql", "name it NAME.sql"),
    (".dump", "dump it as SQL, with pg_dump --format=plain, and name it NAME.sql"),
    (".json5", "convert it to JSON, and name it NAME.json"),
    (".jsonc", "convert it to JSON, and name it NAME.json"),
];

/// What files are packed with.
const PACKED: [&str; 6] = [".gz", ".zst", ".bz2", ".xz", ".zip", ".lz4"];

/// Whether a file, by its path below the folder, is one of ours, or was meant to be: the content of others need not be read.
pub fn is_ours(path: &str) -> bool {
    parse(path, path) != Ok(None)
}

/// Reads the path of a file below the folder of seeds. `display` is the path that messages name.
pub fn parse<'p>(path: &'p str, display: &str) -> Result<Option<FileName<'p>>, Fault> {
    if path.split('/').any(|part| part.starts_with('.')) {
        return Ok(None);
    }
    let policy = strip_suffix(path, ".toml").filter(|of| !matches!(format(of), None | Some((_, Format::Sql))));
    let Some((extension, format)) = format(policy.unwrap_or(path)) else {
        return no_policy(path, display).or_else(|| unread(path, display)).map_or(Ok(None), Err);
    };
    let end = format!("{extension}{}", if policy.is_some() { ".toml" } else { "" });
    if !path.ends_with(&end) {
        let fault = Fault::new(display, format!("file name ends in `{}`", &path[path.len() - end.len()..]));
        return Err(fault.hint(format!("write it in small letters, as in `{end}`")));
    }
    let is_named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if let Some(environment) = environment(path).filter(|environment| !environment.chars().all(is_named)) {
        let fault = Fault::new(display, format!("folder `{environment}` cannot be an environment"));
        return Err(fault.hint("name it with ASCII letters, digits, `_` and `-`"));
    }
    if let Some(environment) = environment(path).filter(|name| is_production(name) && *name != PRODUCTION) {
        let fault = Fault::new(display, format!("folder `{environment}` is written with capitals"));
        return Err(fault.hint(format!("name it `{PRODUCTION}`")));
    }
    let (schema, table) = table(policy.unwrap_or(path));
    if format != Format::Sql && (table.is_empty() || schema == Some("")) {
        let fault = Fault::new(display, "file name without a table");
        return Err(
            fault.hint("name it after the table that its rows are for, as in 010_users.csv or 010_public.users.csv")
        );
    }
    Ok(Some(policy.map_or(FileName::Seed(format), FileName::Policy)))
}

/// The fault of a file that is meant to be the policy of another one, by the number before its name, and is that of none.
fn no_policy(path: &str, display: &str) -> Option<Fault> {
    let stem = strip_suffix(path, ".toml")?;
    let file = stem.rsplit('/').next().unwrap_or(stem);
    let (_, name) = numbered(file)?;
    Some(match format(file) {
        Some(_) => Fault::new(display, "policy of a file of SQL")
            .hint("say it in the first lines of the SQL, as in `-- atlas:seed once`"),
        None if name.is_empty() => return None,
        None => Fault::new(display, "file name ends in `.toml`, and not in that of the file that its policy is for")
            .hint(format!("name it after that file, as in {file}.csv.toml")),
    })
}

/// The fault of a file that has data in a form that is not read; none of other files.
fn unread(path: &str, display: &str) -> Option<Fault> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let fault = |stem: &str, hint: &str| {
        let message = format!("file name ends in `{}`, which is not read", &file[stem.len()..]);
        Fault::new(display, message).hint(hint.replace("NAME", stem))
    };
    let other = UNREAD.iter().find_map(|(extension, hint)| Some(fault(strip_suffix(file, extension)?, hint)));
    other.or_else(|| {
        let packed = PACKED.iter().find_map(|extension| strip_suffix(file, extension))?;
        format(packed).map(|_| fault(packed, "unpack it"))
    })
}

fn format(path: &str) -> Option<(&'static str, Format)> {
    EXTENSIONS.into_iter().find(|(extension, _)| strip_suffix(path, extension).is_some())
}

/// Removes an extension in whatever case.
fn strip_suffix<'p>(path: &'p str, extension: &str) -> Option<&'p str> {
    let (stem, end) = path.split_at_checked(path.len().checked_sub(extension.len())?)?;
    end.eq_ignore_ascii_case(extension).then_some(stem)
}

/// The environment of a seed: the folder directly below that of all seeds.
pub fn environment(name: &str) -> Option<&str> {
    name.split_once('/').map(|(environment, _)| environment)
}

/// The schema, if one is named, and the table of a file of rows.
pub fn table(name: &str) -> (Option<&str>, &str) {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let name = numbered(stem).map_or(stem, |(_, name)| name);
    name.split_once('.').map_or((None, name), |(schema, table)| (Some(schema), table))
}

/// The schema, if one is named, and the table that a seed of this name has rows for; none of SQL.
pub fn table_of(name: &str) -> Option<(Option<&str>, &str)> {
    format(name).filter(|(_, format)| *format != Format::Sql).map(|_| table(name))
}

/// What a file of rows may be meant to be called whose number is divided from its table in another way than by `_`, and the
/// table that it is then for.
pub fn renamed(path: &str) -> Option<(String, &str)> {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, file) = path.split_at(start);
    let bare = file.strip_prefix(['V', 'v']).unwrap_or(file);
    let digits = bare.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
    let (number, rest) = bare.split_at(digits);
    let name = rest.trim_start_matches(['-', '_', '.', ' ']);
    let table = name.rsplit_once('.').map_or("", |(table, _)| table);
    let is_other = name.len() < rest.len() && file != format!("{number}_{name}");
    (is_other && !table.is_empty()).then(|| (format!("{folder}{number}_{name}"), table))
}

/// A number before a name, without leading zeros, and the name.
fn numbered(stem: &str) -> Option<(&str, &str)> {
    let (number, name) = stem.split_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| (number.trim_start_matches('0'), name))
}

/// The order in which seeds run: those for all environments first, and then by path. Numbers count as numbers, and come
/// before names.
pub fn order(left: &str, right: &str) -> Ordering {
    let is_in_folder = |path| environment(path).is_some();
    let parts = left.split('/').map(key).cmp(right.split('/').map(key));
    is_in_folder(left).cmp(&is_in_folder(right)).then(parts).then_with(|| left.cmp(right))
}

fn key(part: &str) -> impl Ord {
    let (number, name) = numbered(part).map_or((None, part), |(number, name)| (Some(number), name));
    (number.is_none(), number.map(|number| (number.len(), number)), name)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<FileName<'_>>) {
        assert_eq!(parse(path, path), Ok(expected), "{path}");
        assert_eq!(is_ours(path), expected.is_some(), "{path}");
    }

    #[track_caller]
    fn check_table(name: &str, expected: (Option<&str>, &str)) {
        assert_eq!(table(name), expected, "{name}");
    }

    fn fault(path: &str) -> String {
        parse(path, &format!("seeds/{path}")).err().map_or_else(|| "none".to_owned(), |fault| fault.to_string())
    }

    #[test]
    fn ours() {
        check("users.csv", Some(FileName::Seed(Format::Csv)));
        check("010_users.json", Some(FileName::Seed(Format::Json)));
        check("dev/010_users.ndjson", Some(FileName::Seed(Format::Ndjson)));
        check("dev/more/_.sql", Some(FileName::Seed(Format::Sql)));
        check("020_.sql", Some(FileName::Seed(Format::Sql)));
        check("dev/users.csv.toml", Some(FileName::Policy("dev/users.csv")));
        check("users.ndjson.toml", Some(FileName::Policy("users.ndjson")));
        check("010_users.jsonl", Some(FileName::Seed(Format::Ndjson)));
        check("users.jsonl.toml", Some(FileName::Policy("users.jsonl")));
    }

    #[test]
    fn none_of_ours() {
        for path in ["README.md", "users", "csv", "users.csv.bak", "metadata.toml", "a.sql.toml", "a.toml.csv/b", ""] {
            check(path, None);
        }
        for hidden in [".users.csv", ".git/users.csv", "dev/.old/users.csv", ".csv"] {
            check(hidden, None);
        }
    }

    #[test]
    fn b12_policies_of_no_file() {
        assert_snapshot!(fault("dev/020_users.toml"), @"
        file name ends in `.toml`, and not in that of the file that its policy is for
         --> seeds/dev/020_users.toml
          = hint: name it after that file, as in 020_users.csv.toml
        ");
        assert_snapshot!(fault("020_links.sql.toml"), @"
        policy of a file of SQL
         --> seeds/020_links.sql.toml
          = hint: say it in the first lines of the SQL, as in `-- atlas:seed once`
        ");
    }

    #[track_caller]
    fn check_renamed(path: &str, expected: Option<(&str, &str)>) {
        assert_eq!(renamed(path), expected.map(|(path, table)| (path.to_owned(), table)), "{path}");
        if let Some((path, table)) = expected {
            assert_eq!(
                table_of(path).map(|(schema, name)| schema.map_or(name.to_owned(), |s| format!("{s}.{name}"))),
                Some(table.to_owned())
            );
        }
    }

    #[test]
    fn b12_numbers_that_are_divided_elsewise() {
        check_renamed("dev/030-users.csv", Some(("dev/030_users.csv", "users")));
        check_renamed("030 users.json", Some(("030_users.json", "users")));
        check_renamed("30.app.users.csv", Some(("30_app.users.csv", "app.users")));
        check_renamed("V30__users.csv", Some(("30_users.csv", "users")));
        check_renamed("v30_users.csv", Some(("30_users.csv", "users")));
        check_renamed("030_users.csv", None);
        check_renamed("users.csv", None);
        check_renamed("030.csv", None);
        check_renamed("2fa.csv", None);
    }

    #[test]
    fn tables() {
        check_table("users.csv", (None, "users"));
        check_table("010_users.csv", (None, "users"));
        check_table("dev/more/010_public.users.ndjson", (Some("public"), "users"));
        check_table("010_a.b.c.csv", (Some("a"), "b.c"));
        check_table("010_020_users.csv", (None, "020_users"));
        check_table("010.csv", (None, "010"));
        check_table("_users.csv", (None, "_users"));
        check_table("Größe der Räume.csv", (None, "Größe der Räume"));
    }

    #[test]
    fn faults() {
        assert_snapshot!(fault("dev/010_users.CSV"), @"
        file name ends in `.CSV`
         --> seeds/dev/010_users.CSV
          = hint: write it in small letters, as in `.csv`
        ");
        assert_snapshot!(fault("my dev/users.csv"), @"
        folder `my dev` cannot be an environment
         --> seeds/my dev/users.csv
          = hint: name it with ASCII letters, digits, `_` and `-`
        ");
        assert_snapshot!(fault("010_.csv"), @"
        file name without a table
         --> seeds/010_.csv
          = hint: name it after the table that its rows are for, as in 010_users.csv or 010_public.users.csv
        ");
        assert_snapshot!(fault("010_public..csv"), @"
        file name without a table
         --> seeds/010_public..csv
          = hint: name it after the table that its rows are for, as in 010_users.csv or 010_public.users.csv
        ");
        assert_snapshot!(fault("Production/010_users.csv"), @"
        folder `Production` is written with capitals
         --> seeds/Production/010_users.csv
          = hint: name it `production`
        ");
        assert!(fault("010_.users.csv").contains("without a table"));
        assert!(fault("010_.csv.toml").contains("without a table"));
        assert!(fault("users.csv.TOML").contains("small letters"));
        assert!(fault("users.Json.toml").contains("small letters"));
    }

    #[test]
    fn b12_data_that_is_not_read_is_named() {
        assert_snapshot!(fault("dev/010_users.tsv"), @"
        file name ends in `.tsv`, which is not read
         --> seeds/dev/010_users.tsv
          = hint: convert it to CSV with a header, and name it 010_users.csv
        ");
        assert_snapshot!(fault("010_users.csv.gz"), @"
        file name ends in `.gz`, which is not read
         --> seeds/010_users.csv.gz
          = hint: unpack it
        ");
        assert!(fault("users.YAML").contains("name it users.json"));
        assert!(fault("all.psql").contains("name it all.sql"));
        assert!(fault("all.tar.gz").contains("none"));
    }

    #[test]
    fn order_is_that_of_numbers_and_then_of_names() {
        let ordered = [
            "2_b.csv",
            "010_a.csv",
            "10_b.csv",
            "a.csv",
            "demo/1_a.csv",
            "dev/1_a.csv",
            "dev/2_more/9_z.csv",
            "dev/10_b.csv",
            "dev/a.csv",
        ];
        let mut sorted = ordered;
        sorted.reverse();
        sorted.sort_by(|left, right| order(left, right));
        assert_eq!(sorted, ordered);
    }
}
