//! The command line, run as a person runs it.

mod answers;
mod certificates;
mod connections;
mod data;
mod databases;
mod files;
mod help;
mod hints;
mod plain;
mod program;
mod promises;
mod roles;
mod secrets;
mod secure;
mod settings;
mod terminal;
mod typed;

use program::{Program, Said};
