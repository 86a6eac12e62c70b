//! Which cells of a row have to be there, so that a unique index tells whether the row exists.

use super::table::{Table, Unique};

/// Columns by their numbers, in sets: if no cell of one set is null, the row is told from others. Without a set, nothing is asked
/// for.
#[derive(Clone, Debug, Default)]
pub(super) struct Telling(Vec<Vec<usize>>);

impl Telling {
    /// With a key, its columns; without one, the columns of each unique index of the table that can tell.
    pub(super) fn of(table: &Table, columns: &[String], key: &[String]) -> Self {
        let number = |name: &String| columns.iter().position(|column| column == name);
        let nullable = |names: &[String]| -> Vec<usize> {
            let is_nullable = |name: &&String| table.column(name).is_some_and(|column| !column.not_null);
            names.iter().filter(is_nullable).filter_map(number).collect()
        };
        let of_key = table.unique.iter().filter(|unique| unique.is_on(key));
        if !key.is_empty() {
            return if of_key.clone().any(|unique| !unique.nulls_distinct) {
                Self::default()
            } else {
                Self(vec![nullable(key)])
            };
        }
        if table.otherwise_unique {
            return Self::default();
        }
        let of_index = |u: &Unique| if u.nulls_distinct { nullable(&u.columns) } else { Vec::new() };
        Self(telling(table, columns).map(of_index).collect())
    }

    /// The column whose null makes the row like no other, by its number.
    pub(super) fn null(&self, is_null: impl Fn(usize) -> bool) -> Option<usize> {
        let tells = |set: &Vec<usize>| !set.iter().any(|column| is_null(*column));
        if self.0.iter().any(tells) {
            return None;
        }
        self.0.first()?.iter().copied().find(|column| is_null(*column))
    }
}

/// The unique indexes that can tell rows with these columns from those that exist.
fn telling<'t>(table: &'t Table, columns: &[String]) -> impl Iterator<Item = &'t Unique> {
    // A cell that the file does not have is null, or what the default gives.
    let tells = |name: &String, nulls_distinct: bool| match table.column(name) {
        _ if columns.contains(name) => true,
        Some(column) if column.default => !column.fresh,
        _ => !nulls_distinct,
    };
    table.unique.iter().filter(move |unique| unique.columns.iter().all(|name| tells(name, unique.nulls_distinct)))
}

/// Whether anything in the table can tell rows with these columns from those that exist.
pub(super) fn can_tell(table: &Table, columns: &[String]) -> bool {
    table.otherwise_unique || telling(table, columns).next().is_some()
}

/// What is said of such a null.
pub(super) const HINT: &str = "write a value: no null equals another, so that each run would add the row again";
