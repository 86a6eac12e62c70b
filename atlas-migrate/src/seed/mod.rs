#![doc = include_str!("../docs/seeds.md")]

mod binary;
mod calendar;
mod cell;
mod engine;
mod environment;
mod failure;
mod generate;
mod item;
mod json;
mod key;
mod label;
mod load;
mod order;
mod refusal;
mod report;
mod rows;
mod seeder;
mod source;
pub(crate) mod sql;
mod state;
mod table;
mod text;
mod writer;

pub use self::environment::Environment;
pub use self::generate::{Generate, Value};
pub use self::label::{bigint, uuid};
pub use self::report::{SeedReport, Seeded};
pub(crate) use self::seeder::Options;
pub use self::seeder::Seeder;
pub use self::source::Seeds;
pub use self::text::Cells;
pub use rand_chacha::ChaCha8Rng;
