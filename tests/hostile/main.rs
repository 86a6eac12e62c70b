//! Names, texts and settings that are made to be misread, code of others that must not run, and secrets that must not be told.

mod attacks;
mod names;
mod rules;
mod secrets;
mod settings;
mod tables;
mod traps;
