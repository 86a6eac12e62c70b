//! Labels: names for rows, which stand for the same key everywhere.

use atlas_migrate_core::checksum::Checksum;
use uuid::Uuid;

/// What a cell begins with that is a label: `$id:alice`.
pub(super) const PREFIX: &str = "$id:";

pub(super) fn is_label(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Whether this is what the server has of a cell: the same text, or a key that the cell's label stands for.
pub(super) fn may_be(cell: &str, value: &str) -> bool {
    let is_label_of = |label: &str| value == uuid(label).to_string() || value == bigint(label).to_string();
    cell == value || cell.strip_prefix(PREFIX).is_some_and(is_label_of)
}

/// Keys that labels stand for are at least this, and those that a sequence counts are below: they never meet.
pub(super) const FIRST_BIGINT: i64 = 1 << 52;

/// The UUID that a label stands for, in files (`"$id:alice"`) as in programs: of version 5, of the label as its name, in the
/// namespace that is the UUID of version 5 of `https://docs.rs/atlas-migrate` in the namespace of URLs.
///
/// ```
/// assert_eq!(atlas_migrate::seed::uuid("alice").to_string(), "07dee0bb-a038-514b-844d-781280709501");
/// ```
pub fn uuid(label: &str) -> Uuid {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"https://docs.rs/atlas-migrate");
    Uuid::new_v5(&namespace, label.as_bytes())
}

/// The `bigint` that a label stands for, in files (`"$id:alice"`) as in programs: 2⁵² and the first 52 bits of the label's
/// SHA-256. So it is an integer to JavaScript too, and none that a sequence comes to.
///
/// Of 100,000 labels, two have the same with a probability of one in a million; that would be a duplicate key.
///
/// ```
/// assert_eq!(atlas_migrate::seed::bigint("alice"), 5_274_908_856_152_288);
/// ```
pub fn bigint(label: &str) -> i64 {
    let digest = Checksum::of(label).to_bytes();
    let first = digest[..7].iter().fold(0, |bits, byte| bits << 8 | i64::from(*byte));
    FIRST_BIGINT + (first >> 4)
}
