use insta::assert_snapshot;

use super::*;
use crate::set::{File, assemble};
use crate::syntax::Syntax;

/// What is said of a file with this text that applies, and of one that reverts.
fn messages(text: &str) -> [Option<String>; 2] {
    [("1_a.sql", ""), ("1_a.sql", "1_a.down.sql")].map(|(up, down)| {
        let file = |path: &str, text: &str| File { path: path.to_owned(), bytes: text.to_owned().into_bytes().into() };
        let files = match down {
            "" => vec![file(up, text)],
            _ => vec![file(up, "SELECT 1"), file(down, text)],
        };
        let faults = assemble("migrations", files, Syntax::Parser).err()?;
        faults.iter().map(Fault::message).find(|message| message.starts_with("up and down")).map(str::to_owned)
    })
}

#[track_caller]
fn check(text: &str, tool: &str) {
    let said = messages(text)[0].clone();
    assert_eq!(said, Some(format!("up and down in one file, as {tool} has it")), "{text}");
}

#[track_caller]
fn check_none(text: &str) {
    assert_eq!(messages(text)[0], None, "{text}");
}

#[track_caller]
fn check_down(text: &str, expected: bool) {
    assert_eq!(messages(text)[1].is_some(), expected, "{text}");
}

const UP: &str = "CREATE TABLE t (id int);";
const DOWN: &str = "DROP TABLE t;";

#[test]
fn a1_every_tool() {
    for (up, down, tool) in [
        ("/* Up Migration */", "/* Down Migration */", "node-pg-migrate"),
        ("/* +goose Up */", "/* +goose Down */", "goose"),
        ("-- Up Migration", "-- Down Migration", "node-pg-migrate"),
        ("--up migration", "  ---- DOWN   MIGRATION", "node-pg-migrate"),
        ("-- Up Migration for users", "-- Down Migration for users", "node-pg-migrate"),
        ("", "-- Down Migration", "node-pg-migrate"),
        ("-- Write your migrate up statements here", "---- create above / drop below ----", "tern"),
        ("-- // a migration", "-- //@UNDO", "MyBatis"),
        ("", "--//@undo", "MyBatis"),
        ("-- +goose Up", "-- +goose Down", "goose"),
        ("-- +goose Up", "\t-- +goose Down", "goose"),
        ("-- +migrate Up", "-- +migrate Down notransaction", "sql-migrate"),
        ("-- +micrate Up", "-- +micrate Down", "micrate"),
        ("-- migrate:up", "-- migrate:down transaction:false", "dbmate"),
        ("--- migration:up", "--- migration:down", "cigogne"),
        ("-- rambler up", "-- rambler down", "rambler"),
        ("-- ==== UP ====", "-- ==== DOWN ====", "shmig"),
        ("-- Up", "-- Down", "shmig"),
        ("", "-- DOWN", "shmig"),
        ("", "-- @down", "shmig"),
        ("", "-- [Down]:", "shmig"),
        ("-- create a table", "--- *** down *** ---", "shmig"),
        ("-- !Ups", "-- !Downs", "Play"),
    ] {
        check(&format!("{up}\n{UP}\n{down}\n{DOWN}\n"), tool);
        // The statement before a divider needs no semicolon there.
        check(&format!("{up}\nCREATE TABLE t (id int)\n{down}\n{DOWN}"), tool);
        check(&format!("{up}\r\n{UP}\r\n\r\n{down}\r\n{DOWN}\r\n"), tool);
        check_down(&format!("{up}\n{UP}\n{down}\n{DOWN}\n"), true);
        // Cut at the divider, whichever part keeps it.
        check_none(&format!("{up}\n{UP}\n{down}\n"));
        check_none(&format!("{up}\n{UP}\n{down}\n-- nothing\n/* at all */ ;\n"));
        check_down(&format!("{down}\n{DOWN}"), false);
        check_down(&format!("-- Down of a\n\n{down}\n-- more\n{DOWN}"), false);
    }
    check(&format!("-- +migrate Down\n{DOWN}\n-- +migrate Up\n{UP}"), "sql-migrate");
    check(&format!("-- +goose Up\n-- nothing\n-- +goose Down\n{DOWN}"), "goose");
    check(&format!("-- +goose Down\n{DOWN}"), "goose");
    check("# --- !Ups\nSELECT 1;\n# --- !Downs\nSELECT 2;", "Play");
}

#[test]
fn a1_plain_words() {
    for (up, down) in [
        ("/* up */", "/* down */"),
        ("-- up:", "-- down:"),
        ("-- @up", "-- @down"),
        ("-- :up", "-- :down"),
        ("-- *** UP ***", "-- *** DOWN ***"),
        ("-- ↑ up", "-- ↓ down"),
        ("--BEGIN UP", "--BEGIN DOWN"),
        ("-- migrate up", "-- migrate down"),
        ("-- Up Script", "-- Down Script"),
        ("-- Add up migration script here", "-- Add down migration script here"),
        ("-- name: up", "-- name: down"),
        ("-- forward", "-- backward"),
        ("-- Do", "-- Undo"),
        ("-- Apply", "-- Revert"),
        ("-- Deploy", "-- Revert"),
        ("-- Up", "-- Rollback"),
        ("-- Upgrade", "-- Downgrade"),
        ("-- step", "-- rollback"),
        ("", "-- UNDO"),
        ("", "-- Rollback:"),
    ] {
        let said = messages(&format!("{up}\n{UP}\n{down}\n{DOWN}\nDELETE FROM u;\n"))[0].clone();
        assert!(said.is_some_and(|said| said.starts_with("up and down in one file")), "{up} {down}");
        check_down(&format!("{down}\n{DOWN}"), false);
        check_none(&format!("{up}\n{UP}\n{down}\n"));
    }
}

#[test]
fn a1_no_divider() {
    for text in [
        "SELECT 1;\n-- rollback\nSELECT 2;",
        "CREATE TABLE t (id int);\n-- undo what 003 did\nDROP TABLE old;",
        "-- scale up\nSELECT 1;\n-- scale down\nSELECT 2;",
        "-- move up\nSELECT 1;\n-- move down\nDROP TABLE t;",
        "-- write here\nSELECT 1;\n-- begin\nDROP TABLE t;",
        "-- up and down\nSELECT 1;\n-- down and up\nDROP TABLE t;",
        "SELECT $$\n-- Down Migration\n$$; SELECT 1;",
        "SELECT '\n-- +goose Down\n'; SELECT 1;",
        "SELECT 1; /*\n-- migrate:down\n*/ SELECT 1;",
        "SELECT 1 AS \"\n-- //@UNDO\n\"; SELECT 2;",
        "SELECT 1; -- Down Migration\nSELECT 2;",
        "CREATE TABLE t (\n-- Down Migration\nid int);",
        "-- Down Migration for users\nDROP TABLE users;",
        "SELECT 1;\n-- Down migration is not possible\nSELECT 2;",
        "SELECT 1;\n-- down\nSELECT 2;",
        "-- up\nSELECT 1;\n-- down the tree\nSELECT 2;",
        "SELECT 1;\n-- as with -- +goose Down\nSELECT 2;",
        "SELECT 1;\n-- +goose Downwards\nSELECT 2;",
        "-- +goose Up\nSELECT 1;",
        "-- +goose Up\nSELECT 1;\n-- +goose Down\n-- DROP TABLE t;\n",
    ] {
        check_none(text);
    }
}

#[test]
fn a1_messages() {
    let text = format!("-- Up Migration\n{UP}\n\n-- Down Migration\n{DOWN}\n");
    let shown = |path: &str| {
        let file = File { path: path.to_owned(), bytes: text.clone().into_bytes().into() };
        let faults = assemble("migrations", [file], Syntax::Parser).expect_err(path);
        faults.iter().map(|fault| format!("{fault}\n")).collect::<String>()
    };
    assert_snapshot!(shown("1_a.sql"), @"
    up and down in one file, as node-pg-migrate has it
     --> migrations/1_a.sql:4:1
      |
    4 | -- Down Migration
      | ^^^^^^^^^^^^^^^^^ this is a comment here, and what follows would run too
      |
      = hint: move the down part to migrations/1_a.down.sql
    ");
    assert_snapshot!(shown("2024-01-02-000000_a/up.sql"), @"
    up and down in one file, as node-pg-migrate has it
     --> migrations/2024-01-02-000000_a/up.sql:4:1
      |
    4 | -- Down Migration
      | ^^^^^^^^^^^^^^^^^ this is a comment here, and what follows would run too
      |
      = hint: move the down part to migrations/2024-01-02-000000_a/down.sql
    ");
    assert_snapshot!(shown("V1__a.sql"), @"
    up and down in one file, as node-pg-migrate has it
     --> migrations/V1__a.sql:4:1
      |
    4 | -- Down Migration
      | ^^^^^^^^^^^^^^^^^ this is a comment here, and what follows would run too
      |
      = hint: remove the down part: a file of this name has none that reverts it
    ");
}

/// What the hint says is done, and that is the end of it.
#[test]
fn a1_the_hint_leads_out() {
    let up = format!("-- Up Migration\n{UP}\n");
    let down = format!("-- Down Migration\n{DOWN}\n");
    let file = |path: &str, text: &str| File { path: path.to_owned(), bytes: text.to_owned().into_bytes().into() };
    let faults =
        assemble("migrations", [file("1_a.sql", &format!("{up}{down}"))], Syntax::Parser).expect_err("two parts");
    let to =
        faults[0].hint_text().and_then(|hint| hint.strip_prefix("move the down part to migrations/")).unwrap_or("");
    let migrations = assemble("migrations", [file("1_a.sql", &up), file(to, &down)], Syntax::Parser).unwrap();
    assert_eq!(migrations[0].down().map(|down| down.text().into_owned()), Some(down));
}
