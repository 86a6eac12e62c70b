//! How each table is emptied: a function of values.

use super::order;
use super::scope::Chosen;
use super::state::Count;

/// From how many rows on a table is truncated, unless one page has them all. A `TRUNCATE` costs about a millisecond for each table, a `DELETE` about ten
/// microseconds for each row. Of a table whose rows are in other files, who knows what a `DELETE` takes.
const LARGE: u64 = 100;

/// One statement. Tables are given by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// All the large ones at once, with those that refer to them.
    Truncate(Vec<usize>),
    /// One table, or those of a circle.
    Delete(Vec<usize>),
}

/// What is to be done about tables of so many rows.
///
/// `TRUNCATE` wants all that refer to a table in the same statement, empty or not. Where the role may not truncate one of these,
/// or one of them is not to be emptied, the table is emptied by `DELETE`.
pub(super) fn steps(chosen: &Chosen<'_>, counts: &[Count]) -> Vec<Step> {
    let truncated = truncated(chosen, counts);
    let deletes = order::groups(&chosen.references).into_iter().filter_map(|mut group| {
        group.retain(|table| counts[*table].rows > 0 && !truncated.contains(table));
        (!group.is_empty()).then_some(Step::Delete(group))
    });
    let deletes: Vec<_> = deletes.collect();
    let truncate = (!truncated.is_empty()).then_some(Step::Truncate(truncated));
    // What is truncated may refer to what is deleted, and not the other way round.
    truncate.into_iter().chain(deletes).collect()
}

fn truncated(chosen: &Chosen<'_>, counts: &[Count]) -> Vec<usize> {
    let mut referrers = vec![Vec::new(); chosen.tables.len()];
    for (from, references) in chosen.references.iter().enumerate() {
        references.iter().for_each(|to| referrers[*to].push(from));
    }
    let mut truncated = vec![false; chosen.tables.len()];
    let is_large = |table: &usize| {
        let Count { rows, elsewhere, .. } = counts[*table];
        rows >= LARGE && !chosen.tables[*table].is_small() || rows > 0 && elsewhere
    };
    for large in (0..chosen.tables.len()).filter(is_large) {
        let mut with = vec![false; chosen.tables.len()];
        let mut open = vec![large];
        while let Some(table) = open.pop() {
            if !std::mem::replace(&mut with[table], true) {
                open.extend(&referrers[table]);
            }
        }
        let is_possible =
            |table: usize| chosen.tables[table].may_truncate && !chosen.outside.iter().any(|(_, to)| *to == table);
        if (0..with.len()).all(|table| !with[table] || is_possible(table)) {
            truncated.iter_mut().zip(with).for_each(|(truncated, with)| *truncated |= with);
        }
    }
    (0..truncated.len()).filter(|table| truncated[*table]).collect()
}
