//! Hints name what there is, whatever command says them, and can be followed.

use std::path::Path;

use atlas_migrate::Version;

use super::*;
use crate::arguments;

/// What is made of an option or a verb that code names.
type Named = fn(&str) -> Option<String>;

/// The texts of all hints in the sources of the library and of the command line, with their files.
fn hints(named: Named) -> Vec<(String, String)> {
    let mut hints = Vec::new();
    let mut folders: Vec<_> = ["src", "../atlas-migrate/src", "../atlas-migrate-core/src"]
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&path).unwrap();
                let anywhere = path.ends_with("advice.rs") || path.ends_with("ephemeral/hint.rs");
                let name = path.display().to_string();
                hints.extend(texts(&text, anywhere, named).into_iter().map(|hint| (name.clone(), hint)));
            }
        }
    }
    hints
}

/// What stands in quotes within `.hint(…)` and `let hint = …;`, or anywhere. What a `hint![…]` or a `clause![…]` is made of is one
/// text, whose parts stand between `{}`: its options and verbs in Rust, and as they are typed.
fn texts(source: &str, anywhere: bool, named: Named) -> Vec<String> {
    const PIECES: [&str; 2] = ["hint![", "clause!["];
    const BEGINNINGS: [&str; 4] = [".hint(", "let hint = ", PIECES[0], PIECES[1]];
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let (mut texts, mut depth, mut rest) = (Vec::new(), 0, source);
    let mut pieces: Option<(i32, String)> = None;
    while let Some(character) = rest.chars().next() {
        if depth == 0 && !anywhere {
            let beginnings = BEGINNINGS.iter().filter_map(|begin| Some((rest.find(begin)?, *begin)));
            let Some((at, begin)) = beginnings.min() else { break };
            if !PIECES.contains(&begin) {
                (rest, depth) = (&rest[at + begin.len()..], 1);
                continue;
            }
            rest = &rest[at..];
        }
        if let (None, Some(begin)) = (&pieces, PIECES.iter().find(|begin| rest.starts_with(**begin))) {
            pieces = Some((depth, String::new()));
            (rest, depth) = (&rest[begin.len()..], depth + 1);
            continue;
        }
        if let (Some((_, whole)), Some(said)) = (&mut pieces, named(rest)) {
            *whole += &said;
        }
        rest = rest.strip_prefix(character).unwrap_or_default();
        match character {
            // A quote as a character.
            '\'' if rest.starts_with("\"'") => rest = &rest[2..],
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => {
                depth -= 1;
                let is_end = pieces.as_ref().is_some_and(|(outside, _)| depth <= *outside);
                texts.extend(pieces.take_if(|_| is_end).map(|(_, text)| text));
            }
            ';' if depth == 1 && !anywhere => depth = 0,
            '"' => {
                let (text, behind) = string(rest);
                match &mut pieces {
                    Some((_, whole)) => *whole += &format!("{text}{{}}"),
                    None => texts.push(text),
                }
                rest = behind;
            }
            _ => {}
        }
    }
    texts
}

/// What is said of the option or verb that code names here.
fn in_words(code: &str) -> Option<String> {
    let name_of = |debug: String| debug.split(['(', '{', ' ']).next().unwrap_or_default().to_owned();
    let is_named =
        |name: &str| code[5..].trim_start_matches(':').split(|c: char| !c.is_alphanumeric()).next() == Some(name);
    let every =
        Shell { program: "atlas-migrate".to_owned(), options: FLAGS.map(str::to_owned).into(), ..Shell::default() };
    let hint: Hint = if code.starts_with("Opt::") {
        let option = options().into_iter().find(|option| is_named(&name_of(format!("{option:?}"))))?;
        Clause { parts: vec![Part::Opt(option)], otherwise: "" }.into()
    } else if code.starts_with("Verb::") {
        verbs().into_iter().find(|verb| is_named(&name_of(format!("{verb:?}"))))?.into()
    } else {
        return None;
    };
    Some(format!("{hint}{{}}{}{{}}", every.say(&hint)))
}

/// All options that hints name.
const FLAGS: [&str; 14] = [
    "confirm",
    "single-transaction",
    "beside-other-history",
    "keep",
    "lock-timeout",
    "namespace",
    "role",
    "schema",
    "schemas",
    "from",
    "to",
    "table",
    "tables",
    "wait",
];

/// A string literal behind its first quote, and what stands behind its last.
fn string(rest: &str) -> (String, &str) {
    let mut text = String::new();
    let mut characters = rest.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (text, &rest[index + 1..]),
            '\\' => match characters.next() {
                Some((_, '\n')) => {
                    let spaces = rest[index + 2..].chars().take_while(|c| c.is_whitespace()).count();
                    characters.by_ref().take(spaces).for_each(|_| {});
                }
                escaped => text.extend(escaped.map(|(_, character)| character)),
            },
            _ => text.push(character),
        }
    }
    (text, "")
}

/// Each command that does something, by the words that it is typed with, and what else it needs.
const COMMANDS: [(&str, &str); 24] = [
    ("run", ""),
    ("status", ""),
    ("check", ""),
    ("rehearse", ""),
    ("revert", ""),
    ("redo", ""),
    ("baseline", "001"),
    ("repair", "001 --mark applied --reason r"),
    ("script", ""),
    ("new", "name"),
    ("validate", ""),
    ("seed", ""),
    ("verify", ""),
    ("bench", ""),
    ("usage", ""),
    ("setup", ""),
    ("roles plan", ""),
    ("roles apply", ""),
    ("roles prove", ""),
    ("clean", ""),
    ("reset", ""),
    ("create", ""),
    ("drop", ""),
    ("completions", "bash"),
];

/// The shell of a command that is typed with these words.
#[track_caller]
fn shell(words: &str) -> Shell {
    let mut parser = arguments::command();
    let arguments = ["atlas-migrate"].into_iter().chain(words.split_whitespace());
    let matches = parser.try_get_matches_from_mut(arguments).unwrap_or_else(|error| panic!("{words}: {error}"));
    let command = <arguments::Arguments as clap::FromArgMatches>::from_arg_matches(&matches).unwrap().command;
    Shell::new("atlas-migrate", &parser, &matches, command.heeds())
}

/// The words of a command line, as a shell divides them.
fn divided(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut is_quoted, mut is_between) = (false, true);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == ' ' && !is_quoted {
            is_between = true;
            continue;
        }
        if std::mem::take(&mut is_between) {
            words.push(String::new());
        }
        match character {
            '\'' => is_quoted = !is_quoted,
            '\\' if !is_quoted => words.last_mut().unwrap().extend(characters.next()),
            character => words.last_mut().unwrap().push(character),
        }
    }
    words
}

fn options() -> Vec<Opt> {
    let name = || Some("it's".to_owned());
    vec![
        Opt::Confirm("production".to_owned()),
        Opt::EachTransaction,
        Opt::IgnoreOtherHistory,
        Opt::AcceptNewer,
        Opt::Keep,
        Opt::LockTimeout,
        Opt::Namespace,
        Opt::RetryBudget,
        Opt::Role(None),
        Opt::Role(name()),
        Opt::Schema(None),
        Opt::Schema(name()),
        Opt::Schemas,
        Opt::ScriptFrom,
        Opt::ScriptTo,
        Opt::Table(None),
        Opt::Table(name()),
        Opt::Tables,
        Opt::WaitBudget,
    ]
}

fn verbs() -> Vec<Verb> {
    let version = || Version::new("R__it's");
    let repairs = [
        Repair::Applied,
        Repair::Pending,
        Repair::Failed { completed: 1 },
        Repair::Partly { completed: 1 },
        Repair::Removed,
    ];
    let repairs = repairs.map(|repair| Verb::Repair(version(), repair));
    let reverts = [Revert::Last, Revert::Steps(2), Revert::To(version()), Revert::All].map(Verb::Revert);
    let others = [
        Verb::Baseline(None),
        Verb::Baseline(Some(version())),
        Verb::CleanPlan,
        Verb::Create,
        Verb::Redo,
        Verb::Reset,
        Verb::Run,
        Verb::RunOutOfOrder,
        Verb::SaveBench,
        Verb::SeedMark("dev".to_owned()),
        Verb::SeedMark("-dev".to_owned()),
        Verb::Status,
    ];
    others.into_iter().chain(repairs).chain(reverts).collect()
}

/// Whatever command says it, what a hint tells to type is a command line that the program takes.
#[test]
fn b3_verbs_are_commands() {
    for typed in ["", " --schema='-a b' --source db --beside-other-history"] {
        let shell = Shell { program: "atlas-migrate".to_owned(), typed: typed.to_owned(), ..Shell::default() };
        for verb in verbs() {
            let said = shell.say(&verb.clone().into());
            let line = said.split('`').nth(1).unwrap_or_else(|| panic!("{said}"));
            let parsed = arguments::command().try_get_matches_from(divided(line));
            assert!(parsed.is_ok(), "{verb:?}: {line}: {}", parsed.unwrap_err());
            assert!(line.contains("it's") || line.contains("'\\''") || !format!("{verb:?}").contains("it's"), "{line}");
        }
    }
}

/// An option that a hint names is one that the failing command takes, with such a value; and each has a command that takes it,
/// except those that only programs have.
#[test]
fn b3_options_are_of_the_command_that_failed() {
    let mut named = Vec::new();
    for (words, more) in COMMANDS {
        let shell = shell(&format!("{words} {more}"));
        for option in options() {
            let hint = Hint::from(Clause { parts: vec![Part::Opt(option.clone())], otherwise: "none" });
            let said = shell.say(&hint);
            if said == "none" {
                continue;
            }
            let flag = said.trim_start_matches("without ").trim_matches('`');
            let parsed = |value: &str| {
                let line = format!("atlas-migrate {words} {more} {flag}{value}");
                arguments::command().try_get_matches_from(divided(line.trim_end())).is_ok()
            };
            let is_taken = ["", " NAME", " 1s", " 001"].iter().any(|value| parsed(value));
            assert!(is_taken, "{words} does not take {flag}");
            named.push(option);
        }
    }
    let of_programs = [Opt::AcceptNewer, Opt::RetryBudget];
    for option in options() {
        assert_eq!(named.contains(&option), !of_programs.contains(&option), "{option:?}");
    }
}

#[track_caller]
fn check(words: &str, hint: impl Into<Hint>, expected: &str) {
    assert_eq!(shell(words).say(&hint.into()), expected, "{words}");
}

/// What is said of an option, or else.
fn named(option: Opt) -> Clause {
    Clause { parts: vec!["with ".into(), Part::Opt(option)], otherwise: "somehow" }
}

/// The same hint for several commands.
#[test]
fn b3_what_a_command_does_not_heed_is_not_named() {
    let role = || named(Opt::Role(Some("it's".to_owned())));
    check("run", role(), "with `--role 'it'\\''s'`");
    check("seed", role(), "with `--role 'it'\\''s'`");
    check("clean", role(), "with `--role 'it'\\''s'`");
    check("roles apply", role(), "somehow");
    check("create", role(), "somehow");
    check("clean", named(Opt::Table(None)), "somehow");
    check("clean", named(Opt::Keep), "with `--keep`");
    check("reset", named(Opt::Keep), "somehow");
    check("reset", named(Opt::Schemas), "with `--schemas`");
    check("status", named(Opt::WaitBudget), "somehow");
    check("check", named(Opt::WaitBudget), "with `--wait`");
    check("script", named(Opt::ScriptTo), "with `--to`");
    check("run --single-transaction", named(Opt::EachTransaction), "with without `--single-transaction`");
    // A clause in a clause is left out by itself.
    let inner = Clause { parts: vec![" and ".into(), Part::Opt(Opt::RetryBudget)], otherwise: "" };
    let outer = Clause { parts: vec![Part::Opt(Opt::LockTimeout), inner.into()], otherwise: "" };
    check("run", outer, "`--lock-timeout`");
}

/// What was typed to find the database and its history has to be typed again; a password is not shown.
#[test]
fn b3_commands_are_for_the_same_database_and_history() {
    let repair = || Verb::Repair(Version::new("002"), Repair::Failed { completed: 1 });
    check("run", repair(), "`atlas-migrate repair 002 --mark failed --completed 1 --reason '…'`");
    check(
        "--schema app run --table 'a' --quiet",
        repair(),
        "`atlas-migrate repair 002 --mark failed --completed 1 --reason '…' --schema app --table ''\\''a'\\'''`",
    );
    check(
        "run --database-url postgres://me@h/app --beside-other-history",
        Verb::Status,
        "`atlas-migrate status --database-url postgres://me@h/app --beside-other-history`",
    );
    check(
        "run --database-url postgres://me:secret@h/app",
        Verb::Status,
        "`atlas-migrate status --database-url postgres://me@h/app`",
    );
    check("run --database-url me:secret@h/app", Verb::Status, "`atlas-migrate status`");
    check("run --schema=-x", Verb::Status, "`atlas-migrate status --schema=-x`");
    check("run", Verb::SeedMark("-x".to_owned()), "`atlas-migrate seed --mark --environment=-x`");
    check("run", named(Opt::Schema(Some("-x y".to_owned()))), "with `--schema='-x y'`");
    check("roles plan --source db", Verb::Run, "`atlas-migrate run --source db`");
    let shell = Shell { program: "myapp migrate".to_owned(), ..Shell::default() };
    assert_eq!(shell.say(&Verb::Run.into()), "`myapp migrate run`");
}

/// Hints are texts, verbs and options: what a program calls, or a person types, stands in no text.
#[test]
fn b3_texts_name_neither_calls_nor_commands() {
    let hints = hints(|_| None);
    assert!(hints.len() > 150, "only {} hints were found", hints.len());
    let is_of_programs_alone = |file: &str| ["/testing/", "/ephemeral/", "/driver/"].iter().any(|of| file.contains(of));
    let is_wrong = |(file, hint): &&(String, String)| {
        let quoted = || hint.split('`').skip(1).step_by(2);
        let is_call = |text: &str| ["(..)", "::", "&pool"].iter().any(|of| text.contains(of));
        let is_command = |text: &str| COMMANDS.iter().any(|(command, _)| text == *command);
        let has_flag = !file.contains("atlas-migrate-cli") && quoted().any(|text| text.starts_with("--"));
        !is_of_programs_alone(file)
            && (hint.contains("atlas-migrate ") || quoted().any(|text| is_call(text) || is_command(text)) || has_flag)
    };
    let wrong: Vec<_> = hints.iter().filter(is_wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What no test follows.
const UNFOLLOWED: [&str; 10] = [
    // There is no server that old, no other operating system, no build without clients, no system without these users.
    "upgrade the server",
    "start a PostgreSQL server yourself",
    "enable the feature of one: `sqlx`, `tokio-postgres`, `deadpool-postgres` or `postgres`",
    "PostgreSQL does not run as root: make a user `postgres`, or run this as another user",
    // Nobody fills disks, fakes a registry, takes ports in time or waits for three minutes.
    "see that there is free space, and that nobody tidies up there at the same time",
    "look at npm's registry setting; or {}",
    "start a new server instead of this one",
    "try again: other processes were faster each time",
    "see what that process waits for; the lock ends with it",
    // `e6_new_is_for_the_folder_that_is_embedded` follows it, and its text goes to standard error there.
    "name it with --source, for example --source {FOLDER}",
];

/// There is a test that does what a hint says, and arrives: one of those about hints quotes a part of it.
#[test]
fn every_hint_is_followed() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let mut said = Vec::new();
    for file in [
        "cli/hints.rs",
        "cli/typed.rs",
        "cli/databases.rs",
        "pooled/hints.rs",
        "resume/main.rs",
        "testing/hints.rs",
        "testing/servers.rs",
        "../atlas-migrate/src/ephemeral/tests/hints.rs",
        "../atlas-migrate-core/src/seed/rows/tests/faults.rs",
    ] {
        said.extend(texts(&std::fs::read_to_string(tests.join(file)).unwrap(), true, |_| None));
    }
    for file in std::fs::read_dir(tests.join("messages/hints")).unwrap() {
        said.extend(texts(&std::fs::read_to_string(file.unwrap().path()).unwrap(), true, |_| None));
    }
    // Between braces is what is filled in.
    let is_followed = |hint: &str| {
        let parts = hint.split('{').filter_map(|part| part.split('}').next_back()).map(str::trim);
        let mut parts = parts.filter(|part| part.len() >= 8);
        parts.any(|part| {
            said.iter().any(|said| said.len() >= 8 && (said.contains(part) || part.contains(said.as_str())))
        })
    };
    let is_sentence = |hint: &str| hint.matches(' ').count() > 3 && hint != "not permitted to log in";
    let hints =
        hints(in_words).into_iter().filter(|(_, hint)| is_sentence(hint) && !UNFOLLOWED.contains(&hint.as_str()));
    let dead: Vec<_> =
        hints.filter(|(_, hint)| !is_followed(hint)).map(|(file, hint)| format!("{file}: {hint}")).collect();
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}
