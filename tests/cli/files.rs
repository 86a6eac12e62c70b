//! The migrations of a small project.

pub(crate) const PEOPLE: &[(&str, &str)] = &[
    (
        "migrations/001_people.up.sql",
        "-- Migration: People\n-- Description: Whom we know\n-- Date: 2026-01-31\n\nCREATE TABLE people (name text);\n",
    ),
    ("migrations/001_people.down.sql", "DROP TABLE people;\n"),
    ("migrations/002_ages.up.sql", "ALTER TABLE people ADD age int;\n"),
    ("migrations/002_ages.down.sql", "ALTER TABLE people DROP age;\n"),
    ("migrations/R__adults.sql", "CREATE OR REPLACE VIEW adults AS SELECT name FROM people;\n"),
];

/// One that fails in its second statement.
pub(crate) const BROKEN: (&str, &str) =
    ("migrations/003_broken.sql", "CREATE TABLE pets (name text);\nCREATE TABLE people (name text);\n");
