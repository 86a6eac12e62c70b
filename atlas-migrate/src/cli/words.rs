//! The words of the command line for what the library says to programs.

/// Options of builders, and what one types for them.
const WORDS: &[(&str, &str)] = &[
    ("`out_of_order(OutOfOrder::Allow)`", "`--allow-out-of-order`"),
    ("; or accept it with `newer(Newer::Accept)`", ""),
    ("`other_history(OtherHistory::Ignore)`", "`--beside-other-history`"),
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
    ("`retry_budget(..)`", "`--lock-timeout`"),
    ("adopt it with `baseline`", "adopt it with `atlas-migrate baseline VERSION`"),
    ("`status(&pool)`", "`atlas-migrate status`"),
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
    (
        "host, port and credentials of the URL are right, and that a pool has connections to spare",
        "host, port and user are right",
    ),
];

/// Calls with one argument, a string, up to its opening quote; and what one types before that argument.
const CALLS: &[(&str, &str)] =
    &[("`baseline(&database, \"", "baseline"), ("`schema(\"", "--schema"), ("`table(\"", "--table")];

/// A hint for somebody who types commands.
pub(super) fn of_the_command_line(hint: &str) -> String {
    let hint = WORDS.iter().fold(hint.to_owned(), |hint, (program, typed)| hint.replace(program, typed));
    CALLS.iter().fold(hint, |hint, (program, typed)| call(&hint, program, typed))
}

fn call(hint: &str, program: &str, typed: &str) -> String {
    let mut parts = hint.split(program);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.split_once("\")`") {
        Some((argument, rest)) => format!("{text}`{typed} {}`{rest}", for_a_shell(argument)),
        None => text + program + part,
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
    use super::*;

    #[track_caller]
    fn check(hint: &str, expected: &str) {
        assert_eq!(of_the_command_line(hint), expected);
    }

    #[test]
    fn calls_become_commands() {
        check("adopt with `baseline(&database, \"002\")`, then run", "adopt with `baseline 002`, then run");
        check("`schema(\"it's\")` and `table(\"a\")`", "`--schema 'it'\\''s'` and `--table a`");
        check("name it with `table(..)`", "name it with `--table`");
    }
}
