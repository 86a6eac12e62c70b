//! Rows that a program makes.

use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate, uuid};
use rand::Rng;

/// Three batches of rows with a cell of each sort.
#[derive(Clone)]
pub struct Numbers {
    /// How many there are.
    pub rows: u64,
    /// Changes what is in them.
    pub version: u32,
    /// Whether rows that are there already are updated.
    pub keyed: bool,
    /// The row that cannot be had, and what happens instead.
    pub trouble: Option<(u64, Trouble)>,
}

/// What is wrong with a generator.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    /// It does not push a cell for each column.
    TooFewCells,
    /// It panics.
    Panic,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { rows: 30_000, version: 1, keyed: false, trouble: None }
    }
}

impl Numbers {
    /// Makes the table.
    pub const TABLE: &str = "CREATE TABLE numbers (n bigint PRIMARY KEY, id uuid NOT NULL, whole numeric NOT NULL, \
        fraction float8 NOT NULL, label text NOT NULL, odd boolean NOT NULL, maybe smallint, version int NOT NULL)";

    /// Asks for the SHA-256 of all the rows.
    pub const DIGEST: &str = "SELECT encode(sha256(convert_to(string_agg(concat_ws('|', n, id, whole, fraction, label, odd, \
        coalesce(maybe::text, 'null'), version), chr(10) ORDER BY n), 'UTF8')), 'hex') FROM numbers";

    /// The answer to it for the usual rows: the same on every platform and with every version of this library.
    pub const GOLDEN: &str = "132ae0acba40c0917dd5814b54cccb57ad7775e0ef77d3166c74a1191e251b3b";
}

impl Generate for Numbers {
    fn table(&self) -> &str {
        "numbers"
    }

    fn columns(&self) -> &[&str] {
        &["n", "id", "whole", "fraction", "label", "odd", "maybe", "version"]
    }

    fn rows(&self) -> u64 {
        self.rows
    }

    fn key(&self) -> &[&str] {
        if self.keyed { &["n"] } else { &[] }
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn row(&self, number: u64, random: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        match self.trouble {
            Some((at, Trouble::TooFewCells)) if at == number => return cells.push(number),
            Some((at, Trouble::Panic)) if at == number => panic!("row {number} cannot be had"),
            _ => {}
        }
        cells.push(number);
        cells.push(uuid(&number.to_string()));
        cells.push(random.next_u64());
        // From 0 to 1, exactly.
        cells.push((random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64);
        cells.push(format_args!("größe\t\"{number}\"\r\n\\N"));
        cells.push(number % 2 == 1);
        // Some rows take more random numbers than others.
        cells.push(number.is_multiple_of(3).then(|| random.next_u32() as i16));
        cells.push(self.version);
    }
}
