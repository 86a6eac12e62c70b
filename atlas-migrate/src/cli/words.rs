//! The words of the command line for what the library says to programs.

/// Options of builders, and what one types for them.
const WORDS: &[(&str, &str)] = &[
    ("`out_of_order(OutOfOrder::Allow)`", "`--allow-out-of-order`"),
    ("; or accept it with `newer(Newer::Accept)`", ""),
    ("`transaction_mode(TransactionMode::Each)`", "no `--single-transaction`"),
    ("`lock_timeout(..)` and `retry_budget(..)`", "`--lock-timeout`"),
    ("`lock_timeout(..)`", "`--lock-timeout`"),
    ("`wait_budget(..)`", "`--wait`"),
    ("`schema(..)`", "`--schema`"),
    ("`table(..)`", "`--table`"),
    ("`role(..)`", "`--role`"),
    (
        "host, port and credentials of the URL are right, and that a pool has connections to spare",
        "host, port and user are right",
    ),
];

/// A hint for somebody who types commands.
pub(super) fn of_the_command_line(hint: &str) -> String {
    WORDS.iter().fold(hint.to_owned(), |hint, (program, typed)| hint.replace(program, typed))
}
