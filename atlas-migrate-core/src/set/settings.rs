//! diesel's `metadata.toml`: one key, so that reading it takes no parser of TOML.

use crate::fault::Fault;
use crate::mask;
use crate::migration::Transaction;

/// Reads `run_in_transaction = …`; anything else in the file is a fault.
pub(super) fn read(path: &str, bytes: &[u8], faults: &mut Vec<Fault>) -> Transaction {
    let text = String::from_utf8_lossy(bytes);
    let mut transaction = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.split('#').next().unwrap_or_default().trim();
        let found = content.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        let span = start..start + line.trim_end().len();
        start += line.len();
        match found {
            _ if content.is_empty() => {}
            Some(("run_in_transaction", value @ ("true" | "false"))) if transaction.is_none() => {
                transaction = Some(if value == "true" { Transaction::Wrapped } else { Transaction::None });
            }
            _ => faults.push(
                Fault::new(path, "unknown setting")
                    .at(
                        &mask::settings(&text, &["run_in_transaction"]),
                        span,
                        "expected `run_in_transaction = false`, once",
                    )
                    .hint("say the rest in directives, as in `-- atlas:lock-timeout 2s`"),
            ),
        }
    }
    transaction.unwrap_or(Transaction::Wrapped)
}
