//! What is tried as each role.

use super::Kind;
use crate::postgres::sql::{dollar_quoted, ident, literal};

/// A statement that is tried as a role.
pub(crate) struct Trial<'a> {
    pub(crate) role: &'a str,
    pub(crate) sql: &'a str,
    /// It is not undone.
    pub(crate) keep: bool,
}

/// Tries statements, each in a subtransaction of its own, so that none of them leaves an error in the server's log.
pub(crate) fn attempt(trials: &[Trial<'_>]) -> String {
    let mut body = "DECLARE\n\
        \x20 atlas_codes jsonb := '[]';\n\
        \x20 atlas_code text;\n\
        \x20 atlas_role text := current_setting('role');\n\
        BEGIN\n"
        .to_owned();
    for trial in trials {
        // Whether the role can be taken on at all is not what is tried.
        let undo = if trial.keep { "" } else { "    RAISE SQLSTATE 'ATLAS';\n" };
        body += &format!(
            "  PERFORM set_config('role', {role}, true);\n\
             \x20 BEGIN\n\
             \x20   atlas_code := NULL;\n\
             \x20   EXECUTE {sql};\n\
             {undo}\
             \x20 EXCEPTION WHEN OTHERS THEN\n\
             \x20   atlas_code := nullif(SQLSTATE, 'ATLAS');\n\
             \x20 END;\n\
             \x20 PERFORM set_config('role', atlas_role, true);\n\
             \x20 atlas_codes := atlas_codes || jsonb_build_array(atlas_code);\n",
            role = literal(trial.role),
            sql = literal(trial.sql),
        );
    }
    body += "  PERFORM set_config('atlas.attempts', atlas_codes::text, true);\nEND";
    format!(
        "SET LOCAL client_min_messages = error;\nDO {};\nSELECT current_setting('atlas.attempts') AS atlas_attempts;\n",
        dollar_quoted(&body)
    )
}

/// What is needed for a statement.
#[derive(Clone, Copy)]
pub(crate) enum Need {
    /// This one on all that the owner makes.
    Privilege(Kind, &'static str),
    CreateInSchema,
    /// What nobody has but the owner.
    Ownership,
}

/// Objects that are made for what is tried in a schema.
pub(crate) fn made(schema: &str) -> Vec<(&'static str, String)> {
    let schema = ident(schema);
    [
        ("CREATE TABLE", "CREATE TABLE S.atlas_probe (id serial PRIMARY KEY, n integer)"),
        ("CREATE VIEW", "CREATE VIEW S.atlas_probe_view AS SELECT id FROM S.atlas_probe"),
        (
            "CREATE MATERIALIZED VIEW",
            "CREATE MATERIALIZED VIEW S.atlas_probe_materialized AS SELECT id FROM S.atlas_probe",
        ),
        ("CREATE SEQUENCE", "CREATE SEQUENCE S.atlas_probe_sequence"),
        ("CREATE FUNCTION", "CREATE FUNCTION S.atlas_probe_function() RETURNS integer LANGUAGE sql AS 'SELECT 1'"),
        ("CREATE TYPE", "CREATE TYPE S.atlas_probe_type AS ENUM ('a')"),
    ]
    .map(|(what, statement)| (what, statement.replace("S.", &format!("{schema}."))))
    .into()
}

/// What is tried with them.
pub(crate) fn tried(schema: &str) -> Vec<(Need, &'static str, String)> {
    use Kind::{Routine, Sequence, Table};
    use Need::{CreateInSchema, Ownership, Privilege};
    let schema = ident(schema);
    [
        (Privilege(Table, "SELECT"), "SELECT from a new table", "SELECT count(*) FROM S.atlas_probe"),
        (Privilege(Table, "SELECT"), "SELECT from a new view", "SELECT count(*) FROM S.atlas_probe_view"),
        (
            Privilege(Table, "SELECT"),
            "SELECT from a new materialized view",
            "SELECT count(*) FROM S.atlas_probe_materialized",
        ),
        (Privilege(Table, "INSERT"), "INSERT into a new table", "INSERT INTO S.atlas_probe (n) VALUES (1)"),
        (Privilege(Table, "UPDATE"), "UPDATE a new table", "UPDATE S.atlas_probe SET n = 2"),
        (Privilege(Table, "DELETE"), "DELETE from a new table", "DELETE FROM S.atlas_probe"),
        (Privilege(Table, "TRUNCATE"), "TRUNCATE a new table", "TRUNCATE S.atlas_probe"),
        (Privilege(Sequence, "USAGE"), "nextval of a new sequence", "SELECT nextval('S.atlas_probe_sequence')"),
        (Privilege(Sequence, "UPDATE"), "setval of a new sequence", "SELECT setval('S.atlas_probe_sequence', 7)"),
        (Privilege(Routine, "EXECUTE"), "call of a new function", "SELECT S.atlas_probe_function()"),
        (CreateInSchema, "CREATE TABLE", "CREATE TABLE S.atlas_probe_2 (id integer)"),
        (CreateInSchema, "CREATE VIEW", "CREATE VIEW S.atlas_probe_2 AS SELECT 1 AS id"),
        (CreateInSchema, "CREATE SEQUENCE", "CREATE SEQUENCE S.atlas_probe_2"),
        (
            CreateInSchema,
            "CREATE FUNCTION",
            "CREATE FUNCTION S.atlas_probe_2() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        ),
        (CreateInSchema, "CREATE TYPE", "CREATE TYPE S.atlas_probe_2 AS ENUM ('a')"),
        (Ownership, "ALTER TABLE", "ALTER TABLE S.atlas_probe ADD COLUMN m integer"),
        (Ownership, "CREATE INDEX", "CREATE INDEX ON S.atlas_probe (n)"),
        (Ownership, "COMMENT", "COMMENT ON TABLE S.atlas_probe IS 'a'"),
        (Ownership, "DROP TABLE", "DROP TABLE S.atlas_probe CASCADE"),
        (Ownership, "DROP VIEW", "DROP VIEW S.atlas_probe_view"),
        (Ownership, "REFRESH MATERIALIZED VIEW", "REFRESH MATERIALIZED VIEW S.atlas_probe_materialized"),
        (Ownership, "DROP SEQUENCE", "DROP SEQUENCE S.atlas_probe_sequence"),
        (Ownership, "DROP FUNCTION", "DROP FUNCTION S.atlas_probe_function()"),
        (Ownership, "ALTER TYPE", "ALTER TYPE S.atlas_probe_type RENAME VALUE 'a' TO 'b'"),
        (Ownership, "DROP SCHEMA", "DROP SCHEMA S. CASCADE"),
    ]
    .map(|(need, what, statement)| {
        // Within a literal its quotes are doubled.
        let in_literal = format!("'{}.", schema.replace('\'', "''"));
        let statement = statement.replace("'S.", &in_literal).replace("S. ", &format!("{schema} "));
        (need, what, statement.replace("S.", &format!("{schema}.")))
    })
    .into()
}

/// What is tried in the database, with the privilege on it that is needed, if that is enough.
pub(crate) fn tried_in_database() -> [(Option<&'static str>, &'static str, &'static str); 4] {
    [
        (Some("CREATE"), "CREATE SCHEMA", "CREATE SCHEMA atlas_probe"),
        (Some("TEMPORARY"), "CREATE TEMPORARY TABLE", "CREATE TEMPORARY TABLE atlas_probe (id integer)"),
        (None, "CREATE ROLE", "CREATE ROLE atlas_probe"),
        (None, "read passwords", "SELECT rolpassword FROM pg_catalog.pg_authid"),
    ]
}
