//! What is never so in the source, and the map that has all of it.

use std::fs;
use std::path::{Path, PathBuf};

/// A room of the library, and the rooms that it may know. Whatever is at the root is everybody's, but knows these only.
const ROOMS: [(&str, &[&str]); 14] = [
    ("postgres", &[]),
    ("render", &[]),
    ("source", &[]),
    ("ephemeral", &[]),
    ("error", &["postgres"]),
    ("progress", &[]),
    ("migrations", &["postgres"]),
    ("seed", &["postgres"]),
    ("roles", &["postgres"]),
    ("bench", &["postgres"]),
    // Whether the migrations are up to date is a check.
    ("verify", &["postgres", "migrations"]),
    // What was dropped is migrated again.
    ("clean", &["postgres", "migrations"]),
    ("testing", &["postgres", "migrations", "seed", "ephemeral"]),
    ("setup", &["postgres", "migrations", "seed", "roles", "verify"]),
];

/// What is public for the other crates of this workspace alone, and may know every room.
const PRIVATE: &str = "__private";

/// No file has more lines, and a reader has it in mind.
const LONGEST: usize = 500;

const CRATES: [&str; 4] = ["atlas-migrate", "atlas-migrate-cli", "atlas-migrate-core", "atlas-migrate-macros"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The sources of a crate by their paths below its `src`, without tests.
fn sources(of: &str) -> Vec<(String, String)> {
    let (below, mut folders, mut found) = (root().join(of).join("src"), Vec::new(), Vec::new());
    folders.push(below.clone());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&below).unwrap_or(&path).display().to_string();
                let text = read(&path);
                // Tests stand at the end.
                let end = text.find("\n#[cfg(test)]\n").filter(|tests| text[*tests..].contains("\nmod tests {"));
                found.push((name, text[..end.unwrap_or(text.len())].to_owned()));
            }
        }
    }
    found.sort();
    assert!(found.len() > 5, "{of} has hardly any sources");
    found
}

fn is_test(name: &str) -> bool {
    name.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "properties.rs" | "model.rs" | "model" | "fuzz"))
}

/// A text without the lines that are comments.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| line.to_owned() + "\n").collect()
}

/// The names that follow `crate::` or the like in code, one by one or in a group.
fn imports<'t>(code: &'t str, of: &str) -> Vec<&'t str> {
    let name = |rest: &'t str| {
        let rest = rest.trim_start();
        &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())]
    };
    let mut names = Vec::new();
    for rest in code.split(of).skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            names.push(name(rest));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth < 0 || depth == 0 && c == ',' {
                names.push(name(&group[start..]));
                start = at + 1;
            }
            if depth < 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn groups_are_imports_too() {
    let code = "use crate::seed;\nuse crate::{Error, seed::{self, sql},\n    clean::x};\ncrate::roles::f()";
    assert_eq!(imports(code, "crate::"), ["seed", "Error", "seed", "clean", "roles"]);
}

#[test]
fn rooms_know_only_what_they_may() {
    let mut strangers = Vec::new();
    for (name, text) in sources("atlas-migrate").iter().filter(|(name, _)| !is_test(name)) {
        let room = name.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if ["lib", PRIVATE].contains(&room) {
            continue;
        }
        let Some((_, may)) = ROOMS.iter().find(|(of, _)| *of == room) else { panic!("{name} is in no room") };
        let code = code(text);
        // Whatever leaves a room says so by `crate::`.
        let at_its_door = !name.contains('/') || name.matches('/').count() == 1 && name.ends_with("/mod.rs");
        if code.contains("super::super") || at_its_door && code.lines().any(|line| line.starts_with("use super::")) {
            strangers.push(format!("{name}: super"));
        }
        let is_room = |import: &&str| ROOMS.iter().any(|(of, _)| of == import);
        let everybodys = ["error", "progress", "render", "source"];
        let is_strange = |import: &&str| *import != room && !may.contains(import) && !everybodys.contains(import);
        let imports = imports(&code, "crate::").into_iter();
        strangers.extend(imports.filter(is_room).filter(is_strange).map(|import| format!("{name}: {import}")));
    }
    assert!(strangers.is_empty(), "{strangers:#?}");
}

/// The private face is for the command line and for what macros emit, and nobody looks into the library past it.
#[test]
fn the_command_line_knows_what_is_public() {
    let lib = read(&root().join("atlas-migrate/src/lib.rs"));
    let modules = lib.lines().filter_map(|line| {
        let line = line.strip_prefix("pub").map_or(line, |line| line.trim_start_matches("(crate)").trim_start());
        line.strip_prefix("mod ").map(|rest| rest.trim_end_matches([';', '{', ' ']))
    });
    let lost: Vec<_> = modules.filter(|name| *name != PRIVATE && !ROOMS.iter().any(|(room, _)| room == name)).collect();
    assert!(lost.is_empty(), "at the root of the library, and in no room: {lost:?}");
    for (name, text) in sources("atlas-migrate").iter().filter(|(name, _)| !name.starts_with(PRIVATE)) {
        assert!(!text.contains("crate::__private"), "{name} knows what is for other crates");
    }
    let mut strangers = Vec::new();
    for (name, text) in sources("atlas-migrate-cli") {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let paths = code.flat_map(|line| line.split(PRIVATE).skip(1));
        strangers.extend(paths.filter(|path| !path.starts_with("::cli::")).map(|path| format!("{name}: {path}")));
    }
    assert!(strangers.is_empty(), "{strangers:#?}");
}

#[test]
fn nothing_waits_inside_a_lock() {
    let waits = ["pg_advisory_lock", "pg_advisory_xact_lock"];
    let blocks = |(name, text): &(String, String)| {
        !name.starts_with("testing/") && waits.iter().any(|function| text.contains(function))
    };
    let found: Vec<_> = CRATES.into_iter().flat_map(sources).filter(blocks).map(|(name, _)| name).collect();
    assert!(found.is_empty(), "they take an advisory lock without trying it: {found:#?}");
}

#[test]
fn core_touches_nothing_outside() {
    let world = ["fs", "net", "process", "env", "os"];
    // How long a check takes is the one thing that is asked of a clock.
    let more = ["tokio", "SystemTime", "tracing::", "println!"];
    let touches = |(name, text): &(String, String)| {
        let code = code(text);
        let is_worldly = imports(&code, "std::").iter().any(|name| world.contains(name));
        !is_test(name) && (is_worldly || more.iter().any(|part| code.contains(part)))
    };
    let found: Vec<_> = sources("atlas-migrate-core").into_iter().filter(touches).map(|(name, _)| name).collect();
    assert!(found.is_empty(), "core does nothing but compute: {found:#?}");
}

/// What verbs give back. Each has `to_json`, whatever features there are beside its own.
const REPORTS: [&str; 17] = [
    "BenchReport",
    "CleanPlan",
    "CleanReport",
    "Comparison",
    "Difference",
    "Plan",
    "Proof",
    "Rehearsal",
    "Report",
    "ResetPlan",
    "ResetReport",
    "RolesPlan",
    "SeedReport",
    "SetupReport",
    "Status",
    "Usage",
    "VerifyReport",
];

#[test]
fn every_report_is_json_and_json_is_written_in_one_place() {
    let library = sources("atlas-migrate");
    let is_name = |name: &&str| ["Report", "Plan"].iter().any(|end| name.ends_with(end));
    let structs = library.iter().flat_map(|(_, text)| text.lines().filter_map(|line| line.strip_prefix("pub struct ")));
    let named = structs.filter_map(|rest| rest.split([' ', '(', '<', ';']).next()).filter(is_name);
    let new: Vec<_> = named.filter(|name| !REPORTS.contains(name)).collect();
    assert!(new.is_empty(), "is it a report? {new:?}");
    let has_json = |name: &&str| {
        let (of, from) = (format!("impl {name} {{"), format!("impl From<&{name}> for Json {{"));
        library
            .iter()
            .any(|(_, text)| text.contains(&from) && text.contains(&of) && text.contains("pub fn to_json(&self)"))
    };
    let missing: Vec<_> = REPORTS.into_iter().filter(|name| !has_json(name)).collect();
    assert!(missing.is_empty(), "without to_json: {missing:?}");
    let derives = |(_, text): &(String, String)| text.contains("Serialize") || text.contains("to_string_pretty");
    let all = ["atlas-migrate", "atlas-migrate-cli"].into_iter().flat_map(sources);
    let found: Vec<_> = all.filter(derives).map(|(name, _)| name).filter(|name| name != "render/json.rs").collect();
    assert!(found.is_empty(), "not by render/json.rs: {found:?}");
    let features = |(name, text): &&(String, String)| name.ends_with("json.rs") && code(text).contains("feature = ");
    let found: Vec<_> = library.iter().filter(features).map(|(name, _)| name).collect();
    assert!(found.is_empty(), "not in every build: {found:?}");
}

#[test]
fn files_are_short() {
    let is_long = |(_, text): &(String, String)| text.lines().count() > LONGEST;
    let found: Vec<_> = CRATES.into_iter().flat_map(sources).filter(is_long).map(|(name, _)| name).collect();
    assert!(found.is_empty(), "more than {LONGEST} lines: {found:#?}");
}

/// Whether a file has the order of effects of a capability.
fn is_engine(name: &str) -> bool {
    name.contains("/engine/") || name.ends_with("/engine.rs") || name == "clean/reset.rs"
}

#[test]
fn an_engine_is_one_whatever_the_features() {
    let depends = |(name, text): &(String, String)| is_engine(name) && code(text).contains("feature = ");
    let found: Vec<_> = sources("atlas-migrate").into_iter().filter(depends).map(|(name, _)| name).collect();
    assert!(found.is_empty(), "engines with features: {found:#?}");
}

#[test]
fn one_room_says_what_is_done_if_a_future_is_dropped() {
    let says = |(name, text): &(String, String)| !name.starts_with("postgres/") && text.contains("if_dropped(");
    let found: Vec<_> = sources("atlas-migrate").into_iter().filter(says).map(|(name, _)| name).collect();
    assert!(found.is_empty(), "it is for `postgres::transaction` to say: {found:#?}");
}

/// No function has more lines, except those that are one SQL text or one table.
const LONGEST_FUNCTION: usize = 60;

const TABLES: [&str; 3] = ["parameters.rs: add_url", "progress.rs: hear", "expand/mod.rs: verbs"];

/// The functions of a file with their numbers of lines, by the indentation that rustfmt gives their ends.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<_> = text.lines().collect();
    let name = |line: &'_ str| {
        let code = line.trim_start().trim_start_matches("pub").trim_start_matches("(crate)");
        let code = code.trim_start_matches("(super)").trim_start_matches([' ']).trim_start_matches("const ");
        let rest = code.trim_start_matches("async ").strip_prefix("fn ")?.to_owned();
        Some((line.len() - line.trim_start().len(), rest.len()))
    };
    let starts = lines.iter().enumerate().filter_map(|(number, line)| Some((number, *line, name(line)?)));
    starts
        .filter_map(|(number, line, (indent, rest))| {
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines[number..].iter().position(|line| *line == end)? + 1;
            let named = &line[line.len() - rest..];
            let one_line = line.ends_with('}') || line.ends_with(';');
            Some((named.split(['(', '<']).next()?, if one_line { 1 } else { length }))
        })
        .collect()
}

#[test]
fn functions_are_short() {
    let is_sql = |name: &str| name.contains("sql/") || name.ends_with("sql.rs");
    let mut found = Vec::new();
    for (file, text) in CRATES.into_iter().flat_map(sources).filter(|(name, _)| !is_test(name) && !is_sql(name)) {
        let long = functions(&text).into_iter().filter(|(_, lines)| *lines > LONGEST_FUNCTION);
        found.extend(long.map(|(name, lines)| (format!("{file}: {name}"), lines)));
    }
    found.retain(|(name, _)| !TABLES.contains(&name.as_str()));
    assert!(found.is_empty(), "more than {LONGEST_FUNCTION} lines: {found:#?}");
}

/// What stands between backticks in the first column of the code map, with braces spelled out.
fn mapped(map: &str) -> Vec<String> {
    let rows = map.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let quoted = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    quoted.flat_map(spelled_out).collect()
}

fn spelled_out(name: &str) -> Vec<String> {
    match name.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (inner, after))) => inner.split(',').map(|one| format!("{before}{one}{after}")).collect(),
        None => vec![name.to_owned()],
    }
}

#[test]
fn the_code_map_has_every_file_and_no_other() {
    let architecture = read(&root().join("ARCHITECTURE.md"));
    let map = architecture.split("## Code map").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    for of in CRATES {
        let section = map.split(&format!("**`{of}/`**")).nth(1).and_then(|rest| rest.split("\n**`").next());
        let named = mapped(section.unwrap_or_else(|| panic!("the map has no {of}")));
        let files: Vec<_> = sources(of).into_iter().map(|(name, _)| name).collect();
        // A folder, and the file that lists what is in one, need no row where their files have one.
        let is_of = |name: &str, file: &str| {
            let of_folder = file.strip_suffix("mod.rs").filter(|folder| !folder.is_empty());
            name == file
                || name.ends_with('/') && file.starts_with(name)
                || of_folder.is_some_and(|folder| name.starts_with(folder))
        };
        let missing: Vec<_> =
            files.iter().filter(|file| !is_test(file) && !named.iter().any(|n| is_of(n, file))).collect();
        let gone: Vec<_> = named.iter().filter(|name| name.ends_with(".rs") && !files.contains(name)).collect();
        assert!(missing.is_empty() && gone.is_empty(), "{of}: not in the map {missing:#?}, not there {gone:#?}");
    }
}

#[test]
fn every_suite_is_told_of() {
    let contributing = read(&root().join("CONTRIBUTING.md"));
    let tests = fs::read_dir(root().join("tests")).unwrap_or_else(|error| panic!("{error}"));
    let suites = tests.flatten().filter(|entry| entry.path().join("main.rs").exists());
    let names = suites.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let untold: Vec<_> = names.filter(|name| !contributing.contains(&format!("| `{name}` |"))).collect();
    assert!(untold.is_empty(), "CONTRIBUTING.md says nothing of {untold:?}");
}
