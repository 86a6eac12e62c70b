//! Data that a program makes itself.

use std::fmt::{self, Write as _};

use atlas_migrate_core::checksum::Checksum;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use uuid::Uuid;

use super::text::Cells;
use super::writer::Sink;

impl Sink for Vec<Option<String>> {
    fn cell(&mut self, text: Option<&str>) {
        self.push(text.map(str::to_owned));
    }
}

/// The cells of a row as text.
pub(super) fn cells(generate: &dyn Generate, number: u64) -> Vec<Option<String>> {
    let (mut texts, mut scratch) = (Vec::new(), String::new());
    let random = &mut random(key(generate), number);
    generate.row(number, random, &mut Cells::new(&mut texts, &mut scratch));
    texts
}

/// Rows that are made when they are needed, and that are the same each time and on every platform.
///
/// Each row has random numbers of its own, which come of [`seed`](Self::seed), the table and the row's number alone: so no row
/// depends on those before it, and a load that was interrupted goes on where it stopped. Rows are copied in batches, each in a
/// transaction of its own, and are never held in memory.
///
/// ```
/// use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate};
///
/// struct Users;
///
/// impl Generate for Users {
///     fn table(&self) -> &str {
///         "users"
///     }
///
///     fn columns(&self) -> &[&str] {
///         &["id", "name", "active"]
///     }
///
///     fn rows(&self) -> u64 {
///         200
///     }
///
///     fn row(&self, number: u64, _random: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
///         cells.push(atlas_migrate::seed::uuid(&format!("user {number}")));
///         cells.push(format!("user{number:03}"));
///         cells.push(number % 10 != 0);
///     }
/// }
/// ```
pub trait Generate: Send + Sync {
    /// The table: `users`, or with its schema `app.users`.
    fn table(&self) -> &str;

    /// The columns that each row has a cell for, in the order of the cells.
    fn columns(&self) -> &[&str];

    /// How many rows there are.
    fn rows(&self) -> u64;

    /// Makes a row, whose number counts from 0: pushes a cell for each column.
    fn row(&self, number: u64, random: &mut ChaCha8Rng, cells: &mut Cells<'_>);

    /// The columns of a unique index: a row that is there already with the same key is updated. Default: none, so that such a
    /// row is an error.
    fn key(&self) -> &[&str] {
        &[]
    }

    /// What the random numbers come of, beside the table and the number of a row. Default: 0.
    fn seed(&self) -> u64 {
        0
    }

    /// To be raised when [`row`](Self::row) is changed: the rows are loaded anew when this, the seed, the columns or their
    /// number has changed, since code has no checksum. Default: 1.
    fn version(&self) -> u32 {
        1
    }
}

/// The random numbers of a row.
pub(super) fn random(key: [u8; 32], row: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::from_seed(key);
    random.set_stream(row);
    random
}

/// What the random numbers of a table's rows come of.
pub(super) fn key(generate: &dyn Generate) -> [u8; 32] {
    Checksum::of(&format!("{} {}", generate.seed(), generate.table())).to_bytes()
}

/// Changes if the rows do, as far as can be told.
pub(super) fn checksum(generate: &dyn Generate) -> String {
    let columns = generate.columns().join(" ");
    let (table, rows, seed, version) = (generate.table(), generate.rows(), generate.seed(), generate.version());
    Checksum::of(&format!("{table}\n{columns}\n{rows}\n{seed}\n{version}")).to_string()
}

/// What can be a cell of a generated row.
pub trait Value {
    /// Writes it as PostgreSQL reads it. Nothing is written of a null, which is false.
    #[doc(hidden)]
    fn write(&self, text: &mut String) -> bool;
}

macro_rules! displayed {
    ($($ty:ty),*) => {$(
        impl Value for $ty {
            fn write(&self, text: &mut String) -> bool {
                let _infallible = write!(text, "{self}");
                true
            }
        }
    )*};
}

displayed!(
    bool,
    i8,
    i16,
    i32,
    i64,
    i128,
    u8,
    u16,
    u32,
    u64,
    f32,
    f64,
    char,
    str,
    String,
    Uuid,
    fmt::Arguments<'_>,
    serde_json::Value
);

impl<T: Value + ?Sized> Value for &T {
    fn write(&self, text: &mut String) -> bool {
        (**self).write(text)
    }
}

impl<T: Value> Value for Option<T> {
    fn write(&self, text: &mut String) -> bool {
        self.as_ref().is_some_and(|value| value.write(text))
    }
}
