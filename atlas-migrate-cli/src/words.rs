//! The words of the command line for what the library says to programs.

/// Options of builders, and what one types for them.
const WORDS: &[(&str, &str)] = &[
    ("`out_of_order(OutOfOrder::Allow)`", "`atlas-migrate run --allow-out-of-order`"),
    (", or be patient with `retry_budget(..)`", ""),
    ("; or accept it with `newer(Newer::Accept)`", ""),
    ("`other_history(OtherHistory::Ignore)`", "`--beside-other-history`"),
    ("take it back with `revert(&pool, Revert::Last)`, then run; else", "`redo` it; else"),
    ("with `clean::Resetter`", "with `reset`"),
    ("`namespace(..)`", "`--namespace`"),
    ("`target(..)`", "`--to`"),
    ("`script_from(..)`", "`--from`"),
    ("`transaction_mode(TransactionMode::Each)`", "no `--single-transaction`"),
    ("`lock_timeout(..)` and `retry_budget(..)`", "`--lock-timeout`"),
    ("`lock_timeout(..)`", "`--lock-timeout`"),
    ("`wait_budget(..)`", "`--wait`"),
    ("`schema(..)`", "`--schema`"),
    ("`table(..)`", "`--table`"),
    ("`role(..)`", "`--role`"),
    ("`keep(..)`", "`--keep`"),
    ("`schemas(..)`", "`--schemas`"),
    ("`tables(..)`", "`--tables`"),
    ("adopt it with `baseline`", "adopt it with `atlas-migrate baseline VERSION`"),
    ("`status(&pool)`", "`atlas-migrate status`"),
    ("`run(&pool)`", "`atlas-migrate run`"),
    ("`Cleaner::plan`", "`clean --dry-run`"),
    ("`revert(&pool, Revert::Last)`", "`atlas-migrate revert`"),
    ("`revert(&pool, Revert::All)`", "`atlas-migrate revert --all`"),
    ("`revert(&pool, Revert::To(\"", "`atlas-migrate revert --to "),
    ("\".into()))`", "`"),
    ("`repair(&pool, \"", "`atlas-migrate repair "),
    ("\", Repair::Applied)`", " --mark applied --reason '…'`"),
    ("\", Repair::Pending)`", " --mark pending --reason '…'`"),
    ("\", Repair::Removed)`", " --mark removed --reason '…'`"),
    ("\", Repair::Failed { completed: ", " --mark failed --completed "),
    ("\", Repair::Partly { completed: ", " --mark partly --completed "),
    (" })`", " --reason '…'`"),
    ("create the database, or", "make it with `atlas-migrate create`, or"),
    ("`BenchReport::to_json`", "`bench --save`"),
    (
        "host, port and credentials of the URL are right, and that a pool has connections to spare",
        "host, port and user are right",
    ),
    ("check the user and the password", "check the user and the password (PGPASSWORD, ~/.pgpass or the URL)"),
];

/// Calls with a string among their arguments, up to it and behind it; and what one types instead.
const CALLS: &[(&str, &str, &str, &str)] = &[
    ("`baseline(&pool, \"", "\")`", "`atlas-migrate baseline ", "`"),
    ("`schema(\"", "\")`", "`--schema ", "`"),
    ("`table(\"", "\")`", "`--table ", "`"),
    ("`role(\"", "\")`", "`--role ", "`"),
    ("`seeder(\"", "\").mark(..)`", "`atlas-migrate seed --mark --environment ", "`"),
];

/// What a command has options for: to wait for another process, and for the locks of tables.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    pub(super) wait: bool,
    pub(super) lock_timeout: bool,
}

/// What is said of waiting for another process, and the same for commands that have no option for it.
const WAIT: [(&str, &str); 1] = [("wait longer with `wait_budget(..)`, or end it", "wait, or end it")];

/// The same of locks.
const LOCK_TIMEOUT: [(&str, &str); 2] = [
    (", or let the run be patient with `lock_timeout(..)` and `retry_budget(..)`", ""),
    (", or be patient with `lock_timeout(..)`", ""),
];

/// A hint of the library without what a command has no options for.
pub(super) fn with(patience: Patience, hint: &str) -> String {
    let without =
        |hint: String, said: &[(&str, &str)]| said.iter().fold(hint, |hint, (said, left)| hint.replace(said, left));
    let hint = if patience.wait { hint.to_owned() } else { without(hint.to_owned(), &WAIT) };
    if patience.lock_timeout { hint } else { without(hint, &LOCK_TIMEOUT) }
}

/// A hint for somebody who types commands.
pub(super) fn of_the_command_line(hint: &str) -> String {
    let hint = WORDS.iter().fold(hint.to_owned(), |hint, (program, typed)| hint.replace(program, typed));
    CALLS.iter().fold(hint, |hint, (before, behind, typed, end)| {
        let mut parts = hint.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| match part.split_once(behind) {
            Some((argument, rest)) => format!("{text}{typed}{}{end}{rest}", for_a_shell(argument)),
            None => text + before + part,
        })
    })
}

/// An argument as a shell takes it for one word.
fn for_a_shell(argument: &str) -> String {
    let is_plain = argument.chars().all(|character| character.is_ascii_alphanumeric() || "_-.".contains(character));
    let text = argument.replace("\\\"", "\"").replace("\\\\", "\\");
    if is_plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::arguments;

    /// The texts of all hints in the sources of the library and of the command line, with their files.
    fn hints() -> Vec<(String, String)> {
        let mut hints = Vec::new();
        let mut folders = vec![
            Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../atlas-migrate/src"),
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../atlas-migrate-core/src"),
        ];
        let apart = ["tests"];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if apart.iter().any(|name| path.ends_with(name)) {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let name = path.display().to_string();
                    hints.extend(texts(&text, path.ends_with("hint.rs")).into_iter().map(|hint| (name.clone(), hint)));
                }
            }
        }
        hints
    }

    /// What stands in quotes within `.hint(…)` and `let hint = …;`, or anywhere.
    fn texts(source: &str, anywhere: bool) -> Vec<String> {
        const BEGINNINGS: [&str; 2] = [".hint(", "let hint = "];
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let (mut texts, mut depth) = (Vec::new(), 0);
        let mut rest = source;
        while let Some(character) = rest.chars().next() {
            if depth == 0 && !anywhere {
                let beginnings = BEGINNINGS.iter().filter_map(|begin| Some(rest.find(begin)? + begin.len()));
                let Some(at) = beginnings.min() else { break };
                (rest, depth) = (&rest[at..], 1);
                continue;
            }
            rest = &rest[character.len_utf8()..];
            match character {
                // A quote as a character.
                '\'' if rest.starts_with("\"'") => rest = &rest[2..],
                '(' | '{' => depth += 1,
                ')' | '}' if !anywhere => depth -= 1,
                ';' if depth == 1 && !anywhere => depth = 0,
                '"' => {
                    let mut text = String::new();
                    let mut characters = rest.char_indices();
                    while let Some((index, character)) = characters.next() {
                        match character {
                            '"' => {
                                rest = &rest[index + 1..];
                                break;
                            }
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
                    texts.push(text);
                }
                _ => {}
            }
        }
        texts
    }

    /// The names of all commands and options.
    fn names(command: &clap::Command) -> (Vec<String>, Vec<String>) {
        let mut commands = vec![command.get_name().to_owned()];
        let mut options: Vec<_> = command.get_arguments().filter_map(|one| Some(one.get_long()?.to_owned())).collect();
        for subcommand in command.get_subcommands() {
            let (more_commands, more_options) = names(subcommand);
            commands.extend(more_commands);
            options.extend(more_options);
        }
        (commands, options)
    }

    /// Every command and option that a hint names is there, and no hint has the words of a program.
    #[test]
    fn b3_hints_name_what_there_is() {
        let (commands, options) = names(&arguments::command());
        let hints = hints();
        assert!(hints.len() > 150, "only {} hints were found", hints.len());
        let mut wrong = Vec::new();
        for (file, hint) in &hints {
            let hint = of_the_command_line(hint);
            let mut check = |is_right: bool, what: &str| {
                if !is_right {
                    wrong.push(format!("{file}: {what}: {hint}"));
                }
            };
            // What a version or a number stands in between is translated as a whole, and has a test of its own.
            let is_piece = hint.contains("Repair::");
            let is_of_programs = hint.contains("(..)") || hint.contains("::") || hint.contains("&pool");
            check(is_piece || !is_of_programs, "words of a program");
            for quoted in hint.split('`').skip(1).step_by(2) {
                let mut words = quoted.split_whitespace();
                let first = words.next().unwrap_or_default();
                if first == "atlas-migrate" || commands.iter().any(|command| command == first) {
                    let named = if first == "atlas-migrate" { words.next().unwrap_or_default() } else { first };
                    check(commands.iter().any(|command| command == named), "no such command");
                }
            }
            let is_end = |c: char| !(c.is_ascii_lowercase() || c == '-');
            for option in hint.split("--").skip(1) {
                let name = option.split(is_end).next().unwrap_or_default();
                check(name.is_empty() || options.iter().any(|option| option == name), "no such option");
            }
            for verb in ["with `", "so with `"] {
                let named = hint.split_once(verb).and_then(|(_, rest)| rest.split_once('`')).map(|(named, _)| named);
                let is_word = |named: &&str| named.chars().all(|c| c.is_ascii_lowercase());
                if let Some(named) = named.filter(is_word) {
                    check(commands.iter().any(|command| command == named), "no such command");
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
            "messages/hints.rs",
            "cli/hints.rs",
            "cli/databases.rs",
            "pooled/hints.rs",
            "resume/main.rs",
            "testing/hints.rs",
            "testing/servers.rs",
            "../atlas-migrate/src/ephemeral/tests/hints.rs",
            "../atlas-migrate-core/src/seed/rows/tests/faults.rs",
        ] {
            said.extend(texts(&std::fs::read_to_string(tests.join(file)).unwrap(), true));
        }
        for file in std::fs::read_dir(tests.join("messages/hints")).unwrap() {
            said.extend(texts(&std::fs::read_to_string(file.unwrap().path()).unwrap(), true));
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
        let hints = hints().into_iter().filter(|(_, hint)| is_sentence(hint) && !UNFOLLOWED.contains(&hint.as_str()));
        let dead: Vec<_> = hints
            .filter(|(_, hint)| !is_followed(hint) && !is_followed(&of_the_command_line(hint)))
            .map(|(file, hint)| format!("{file}: {hint}"))
            .collect();
        assert!(dead.is_empty(), "{}", dead.join("\n"));
    }

    /// What is left out for commands without options for waiting is said somewhere.
    #[test]
    fn b3_only_what_waits_names_options_for_it() {
        let hints = hints();
        let none = Patience { wait: false, lock_timeout: false };
        for (said, _) in WAIT.into_iter().chain(LOCK_TIMEOUT) {
            let hint = hints.iter().map(|(_, hint)| hint).find(|hint| hint.contains(said));
            let left = of_the_command_line(&with(none, hint.unwrap_or_else(|| panic!("nobody says {said}"))));
            assert!(!left.contains("--"), "{left}");
        }
    }

    #[track_caller]
    fn check(hint: &str, expected: &str) {
        assert_eq!(of_the_command_line(hint), expected);
    }

    #[test]
    fn calls_become_commands() {
        check("adopt with `baseline(&pool, \"002\")`, then run", "adopt with `atlas-migrate baseline 002`, then run");
        check("`schema(\"it's\")` and `table(\"a\")`", "`--schema 'it'\\''s'` and `--table a`");
        check("name it with `table(..)`", "name it with `--table`");
    }
}
