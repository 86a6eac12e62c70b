//! Names, texts and settings that are made to be misread, and secrets that must not be told.

mod names;
mod secrets;
mod settings;
