//! What is sent about seeds.

use std::time::Duration;

use crate::postgres::sql::own_tables::{hidden, member};
use crate::postgres::sql::path::{PATH_AS_IT_IS, PUT_PATH_BACK, TAKE_OWN_PATH, answered};
use crate::postgres::sql::session::milliseconds;
use crate::postgres::sql::trust::{Owner, find_distrust};
use crate::postgres::sql::written::{block, expect};
use crate::postgres::sql::{Sql, dollar_quoted, ident, literal};

/// The columns of the table of seeds.
const COLUMNS: &str = "namespace pg_catalog.text NOT NULL, name pg_catalog.text NOT NULL, environment pg_catalog.text NOT NULL, state pg_catalog.text NOT NULL, \
    rows bigint NOT NULL, seeded_at pg_catalog.timestamptz NOT NULL, seeded_by pg_catalog.text NOT NULL, execution_time interval NOT NULL, \
    checksum pg_catalog.text NOT NULL, PRIMARY KEY (namespace, name)";

/// A database is of one environment.
pub(crate) const MARK: &str = "schema_environment";
const MARK_COLUMNS: &str = "environment pg_catalog.text NOT NULL, marked_at pg_catalog.timestamptz NOT NULL, marked_by pg_catalog.text NOT NULL, \
    one boolean PRIMARY KEY DEFAULT true CHECK (one)";

/// The digest of the seeds `s` that are done.
const DIGEST: &str = "encode(sha256(convert_to(coalesce(string_agg(s.name || ' ' || s.checksum, \
    chr(10) ORDER BY s.name COLLATE \"C\"), ''), 'UTF8')), 'hex')";

/// A row of the table of seeds.
pub(crate) struct SeedRow<'a> {
    pub(crate) name: &'a str,
    pub(crate) environment: &'a str,
    pub(crate) checksum: &'a str,
    /// Whether all of its rows are there.
    pub(crate) done: bool,
    pub(crate) rows: u64,
    pub(crate) duration: Duration,
}

/// Rows that are to come into a table.
pub(crate) struct LoadStatements<'a> {
    /// Quoted, with its schema.
    pub(crate) table: &'a str,
    pub(crate) columns: &'a [String],
    /// Where its rows are before: the number of a staging table. None if they are copied at once.
    pub(crate) staging: Option<usize>,
}

/// What becomes of rows that exist.
pub(crate) enum Conflict<'a> {
    Fail,
    Skip {
        key: &'a [String],
    },
    /// Columns to be set in rows that are otherwise.
    Update {
        key: &'a [String],
        set: &'a [String],
    },
}

/// Whether the default of the column `a` of the table `c` calls a function that gives another value each time.
const FRESH: &str = "EXISTS (SELECT FROM pg_attrdef f, regexp_matches(f.adbin::text, ':funcid (\\d+)', 'g') r\n\
    \x20     JOIN pg_proc p ON p.oid = r.r[1]::oid WHERE f.adrelid = c.oid AND f.adnum = a.attnum AND p.provolatile = 'v')";

/// The sequences of the column `a` of the table `c`: those that it owns, and those that its default takes numbers from.
const SEQUENCES: &str = "(SELECT coalesce(jsonb_agg(format('%I.%I', m.nspname, s.relname) ORDER BY s.oid), '[]')\n\
    \x20     FROM pg_class s JOIN pg_namespace m ON m.oid = s.relnamespace WHERE s.relkind = 'S' AND s.oid IN (\n\
    \x20     SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass\n\
    \x20       AND d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')\n\
    \x20     UNION ALL SELECT d.refobjid FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid\n\
    \x20       AND d.refclassid = 'pg_class'::regclass WHERE f.adrelid = c.oid AND f.adnum = a.attnum\n\
    \x20       AND pg_get_expr(f.adbin, f.adrelid) ~ '^nextval\\(.*::regclass\\)$'))";

/// The type of the elements of the type `y`, which may be a domain over an array.
const ELEMENT: &str = "nullif((SELECT b.typelem FROM pg_type b WHERE b.oid = coalesce(nullif(y.typbasetype, 0), y.oid) \
    AND b.typcategory = 'A'), 0)";

fn list<'a>(columns: impl IntoIterator<Item = &'a String>) -> String {
    columns.into_iter().map(|column| ident(column)).collect::<Vec<_>>().join(", ")
}

fn staging(number: usize) -> String {
    format!("pg_temp.atlas_seed_{number}")
}

impl LoadStatements<'_> {
    /// Makes the staging table. Its types are those of the table, so that a bad value is found when it is copied.
    pub(crate) fn prepare(&self) -> String {
        self.staging.map_or(String::new(), |number| {
            format!(
                "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA;\n",
                staging(number),
                list(self.columns),
                self.table
            )
        })
    }

    pub(crate) fn copy(&self, binary: bool) -> String {
        let target = self.staging.map_or(self.table.to_owned(), staging);
        let format = if binary { " WITH (FORMAT binary)" } else { "" };
        format!("COPY {target} ({}) FROM STDIN{format}", list(self.columns))
    }

    /// Brings the rows from the staging table to where they belong; without a semicolon.
    pub(crate) fn insert(&self, conflict: &Conflict<'_>) -> Option<String> {
        let columns = list(self.columns);
        let key = |key: &[String]| if key.is_empty() { String::new() } else { format!(" ({})", list(key)) };
        let conflict = match conflict {
            Conflict::Fail => String::new(),
            Conflict::Skip { key: columns } | Conflict::Update { key: columns, set: [] } => {
                format!(" ON CONFLICT{} DO NOTHING", key(columns))
            }
            Conflict::Update { key: columns, set } => {
                let assign = |column: &String| format!("{0} = excluded.{0}", ident(column));
                // As they are stored: whose operator `=` would be is up to the path, which triggers need as it is.
                let side = |table: &str| {
                    let cells: Vec<_> = set.iter().map(|column| format!("{table}.{}", ident(column))).collect();
                    format!("ROW({})::pg_catalog.record", cells.join(", "))
                };
                format!(
                    " ON CONFLICT{} DO UPDATE SET {} WHERE {} OPERATOR(pg_catalog.*<>) {}",
                    key(columns),
                    set.iter().map(assign).collect::<Vec<_>>().join(", "),
                    side("atlas_target"),
                    side("excluded")
                )
            }
        };
        let (table, from) = (self.table, staging(self.staging?));
        Some(format!(
            "INSERT INTO {table} AS atlas_target ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {from}{conflict}"
        ))
    }
}

impl Sql {
    /// Reads which seeds are done, and what environment the database is marked as. Writes nothing.
    pub(crate) fn look_at_seeds(&self, current: &str) -> String {
        self.read_seeds("  atlas_granted := true;\n", Some(current))
    }

    /// Begins a transaction, tries to take the lock, makes the tables if there are none, and reads them. What follows goes by the
    /// session's path.
    pub(crate) fn begin_seeds(&self) -> String {
        let table = |name: &str, columns: &str, comment: &str| {
            self.as_session(&format!(
                "\x20   CREATE TABLE {name} ({columns});\n\x20   COMMENT ON TABLE {name} IS '{comment}';\n"
            ))
        };
        let prepare = format!(
            "  atlas_granted := pg_try_advisory_xact_lock({key});\n\
             \x20 IF atlas_granted AND {find} IS NULL THEN\n\
             \x20   IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {schema_name}) THEN\n\
             {schema}\
             \x20   END IF;\n\
             {seeds}\
             \x20 END IF;\n\
             \x20 IF atlas_granted AND {find_mark} IS NULL THEN\n\
             {mark}\
             \x20 END IF;\n",
            key = self.lock_key(),
            find = self.find(),
            schema_name = literal(&self.schema),
            schema = self.as_session(&format!("\x20     CREATE SCHEMA {};\n", ident(&self.schema))),
            seeds = table(&self.history(), COLUMNS, "seeds loaded by atlas-migrate"),
            find_mark = self.find_mark(),
            mark = table(&self.mark_table(), MARK_COLUMNS, "the environment that this database is of"),
        );
        self.open() + &self.read_seeds(&prepare, None) + &self.session_path()
    }

    pub(crate) fn mark_table(&self) -> String {
        format!("{}.{}", ident(&self.schema), ident(MARK))
    }

    fn find_mark(&self) -> String {
        Self { table: MARK.to_owned(), ..self.clone() }.find()
    }

    fn read_seeds(&self, prepare: &str, current: Option<&str>) -> String {
        let schema = literal(&self.schema);
        let settings = current.map_or(String::new(), |current| {
            format!(
                "  IF atlas_digest IS DISTINCT FROM {} THEN\n{}  END IF;\n",
                literal(current),
                self.select_settings()
            )
        });
        let (role, path, owner) = match current {
            Some(_) => (self.perform_local_role(), PUT_PATH_BACK.to_owned(), Owner::MattersToSuperusers),
            None => (String::new(), String::new(), Owner::Matters),
        };
        let (marks, seeds) = (literal(&self.mark_table()), literal(&self.history()));
        let distrust = [("atlas_mark_table", marks), ("atlas_table", seeds)].map(|(table, name)| {
            format!(
                "\x20 IF atlas_why IS NULL THEN\n\
                 {}\
                 \x20   atlas_whose := CASE WHEN atlas_why IS NOT NULL THEN {name} END;\n\
                 \x20 END IF;\n",
                find_distrust("atlas_why", table, owner)
            )
        });
        let body = format!(
            "DECLARE\n\
             \x20 atlas_granted boolean;\n\
             \x20 atlas_environment pg_catalog.text;\n\
             \x20 atlas_digest pg_catalog.text;\n\
             \x20 atlas_settings pg_catalog.text := '{{}}';\n\
             \x20 atlas_belongings pg_catalog.text := '[]';\n\
             \x20 atlas_asked pg_catalog.text;\n\
             \x20 atlas_broken boolean;\n\
             \x20 atlas_why pg_catalog.text;\n\
             \x20 atlas_whose pg_catalog.text;\n\
             \x20 atlas_mark pg_catalog.text;\n\
             \x20 atlas_hidden pg_catalog.text;\n\
             \x20 atlas_mark_table pg_catalog.oid;\n\
             \x20 atlas_table pg_catalog.oid;\n\
             \x20 atlas_role pg_catalog.text := pg_catalog.current_setting('role');\n\
             \x20 atlas_lock_timeout pg_catalog.text := pg_catalog.current_setting('lock_timeout');\n\
             {PATH_AS_IT_IS}\
             \x20 atlas_state pg_catalog.refcursor := 'atlas_state';\n\
             \x20 atlas_seeds pg_catalog.refcursor := 'atlas_seeds';\n\
             BEGIN\n\
             {role}\
             {TAKE_OWN_PATH}\
             \x20 PERFORM set_config('lock_timeout', '{lock_timeout}', true);\n\
             {prepare}\
             \x20 atlas_mark_table := {find_mark};\n\
             \x20 atlas_table := {find};\n\
             {distrust}\
             \x20 IF atlas_granted AND atlas_why IS NULL AND atlas_mark_table IS NOT NULL THEN\n\
             \x20   atlas_mark := {mark_hidden};\n\
             \x20   IF atlas_mark IS NULL THEN\n\
             \x20     SELECT min(environment), CASE WHEN count(*) > 1 THEN 'rows' END INTO atlas_environment, atlas_mark FROM {mark};\n\
             \x20   END IF;\n\
             \x20 END IF;\n\
             \x20 IF atlas_granted AND atlas_why IS NULL AND atlas_table IS NOT NULL THEN\n\
             \x20   atlas_hidden := {seeds_hidden};\n\
             \x20 END IF;\n\
             \x20 IF atlas_granted AND atlas_why IS NULL AND atlas_table IS NOT NULL AND atlas_hidden IS NULL THEN\n\
             \x20   BEGIN\n\
             \x20     SELECT {DIGEST} INTO atlas_digest FROM {seeds} s WHERE s.namespace = {namespace} AND s.state = 'done';\n\
             \x20   EXCEPTION WHEN undefined_table THEN atlas_table := NULL;\n\
             \x20   END;\n\
             \x20 END IF;\n\
             \x20 IF atlas_granted AND atlas_why IS NULL AND atlas_table IS NOT NULL AND atlas_hidden IS NULL THEN\n\
             \x20   OPEN atlas_seeds FOR SELECT s.name AS atlas_seed, s.checksum, s.state, s.rows FROM {seeds} s\n\
             \x20     WHERE s.namespace = {namespace};\n\
             \x20 ELSE\n\
             \x20   OPEN atlas_seeds FOR SELECT WHERE false;\n\
             \x20 END IF;\n\
             \x20 PERFORM set_config('lock_timeout', atlas_lock_timeout, true);\n\
             {settings}\
             \x20 OPEN atlas_state FOR SELECT atlas_granted AS atlas_state, atlas_environment, atlas_settings,\n\
             \x20   atlas_belongings, atlas_role, session_user, pg_is_in_recovery(), current_setting('transaction_read_only'),\n\
             \x20   now() = statement_timestamp(), current_setting('server_version_num'), current_setting('server_version'),\n\
             \x20   atlas_mark, atlas_hidden, current_user, atlas_why, atlas_whose, atlas_path, coalesce(atlas_asked, '');\n\
             {path}\
             END",
            lock_timeout = milliseconds(self.lock_timeout),
            distrust = distrust.concat(),
            mark_hidden = hidden("atlas_mark_table", &schema),
            seeds_hidden = hidden("atlas_table", &schema),
            find_mark = self.find_mark(),
            mark = self.mark_table(),
            find = self.find(),
            seeds = self.history(),
            namespace = literal(&self.namespace),
        );
        format!(
            "DO {};\nFETCH ALL FROM atlas_state;\nFETCH ALL FROM atlas_seeds;\nCLOSE atlas_state;\nCLOSE atlas_seeds;\n",
            dollar_quoted(&body)
        )
    }

    /// Writes what environment the database is of, unless it has a mark.
    pub(crate) fn mark(&self, environment: &str) -> String {
        let (table, environment) = (self.mark_table(), literal(environment));
        let write = format!(
            "INSERT INTO {table} VALUES ({environment}, clock_timestamp(), session_user) ON CONFLICT DO NOTHING;\n"
        );
        let holds = format!("EXISTS (SELECT 1 FROM {table} WHERE environment = {environment})");
        block(&(write + &expect(&table, &holds, &format!("{table} does not take the mark of the environment"))))
    }

    /// Removes the mark.
    pub(crate) fn unmark(&self) -> String {
        let table = self.mark_table();
        let holds = format!("NOT EXISTS (SELECT 1 FROM {table})");
        let complaint = format!("{table} does not let go of the mark of the environment");
        block(&(format!("DELETE FROM {table};\n") + &expect(&table, &holds, &complaint)))
    }

    /// Looks at what is deferred until the commit, which this leaves deferred.
    pub(crate) fn check_deferred() -> String {
        "SAVEPOINT atlas_deferred;\nSET CONSTRAINTS ALL IMMEDIATE;\nROLLBACK TO SAVEPOINT atlas_deferred;\n\
         RELEASE SAVEPOINT atlas_deferred;\n"
            .to_owned()
    }

    pub(crate) fn record_seed(&self, row: &SeedRow<'_>) -> String {
        let (namespace, name, checksum) = (literal(&self.namespace), literal(row.name), literal(row.checksum));
        let (seeds, state) = (self.history(), if row.done { "done" } else { "partial" });
        let write = format!(
            "INSERT INTO {seeds} AS s (namespace, name, environment, state, rows, seeded_at, seeded_by, execution_time, checksum)\n\
             VALUES ({namespace}, {name}, {}, '{state}', {rows}, clock_timestamp(), session_user, interval '{} microseconds', {checksum})\n\
             ON CONFLICT (namespace, name) DO UPDATE SET environment = excluded.environment, state = excluded.state,\n\
             rows = excluded.rows, seeded_at = excluded.seeded_at, seeded_by = excluded.seeded_by,\n\
             execution_time = excluded.execution_time, checksum = excluded.checksum;\n",
            literal(row.environment),
            row.duration.as_micros(),
            rows = row.rows,
        );
        let holds = format!(
            "EXISTS (SELECT 1 FROM {seeds} s WHERE s.namespace = {namespace} AND s.name = {name} AND s.state = '{state}' \
             AND s.rows = {} AND s.checksum = {checksum})",
            row.rows
        );
        block(&(write + &expect(&seeds, &holds, &format!("{seeds} does not take the row of the seed {}", row.name))))
    }

    /// What there is to know of tables, as one JSON document each; for a name that none has, null. With `rows`, also whether
    /// the table has any.
    pub(crate) fn describe_tables(tables: &[(Option<&str>, &str)]) -> String {
        let names: Vec<_> = tables
            .iter()
            .map(|(schema, table)| {
                let quoted =
                    schema.map_or_else(|| ident(table), |schema| format!("{}.{}", ident(schema), ident(table)));
                literal(&quoted)
            })
            .collect();
        let base = |oid: &str| format!("(SELECT b.typname FROM pg_type b WHERE b.oid = {oid})");
        let query = format!(
            "SELECT t.ordinality AS atlas_table, CASE WHEN c.oid IS NOT NULL THEN jsonb_build_object(\n\
             'oid', c.oid::bigint, 'kind', c.relkind, 'short', c.relname, 'name', format('%I.%I', n.nspname, c.relname),\n\
             'columns', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', a.attname,\n\
             \x20   'type', format_type(a.atttypid, a.atttypmod), 'base', {base},\n\
             \x20   'element', {element}, 'builtin', (SELECT b.oid < 16384 FROM pg_type b WHERE b.oid = coalesce({element_oid},\n\
             \x20     nullif(y.typbasetype, 0), y.oid)), 'not_null', a.attnotnull,\n\
             \x20   'default', a.atthasdef OR a.attidentity <> '', 'generated', a.attgenerated <> '',\n\
             \x20   'always', a.attidentity = 'a', 'fresh', a.attidentity <> '' OR {FRESH},\n\
             \x20   'sequences', {SEQUENCES}) ORDER BY a.attnum), '[]')\n\
             \x20 FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid\n\
             \x20 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),\n\
             'unique', (SELECT coalesce(jsonb_agg(jsonb_build_object('columns', (SELECT jsonb_agg(a.attname) FROM pg_attribute a\n\
             \x20   WHERE a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])),\n\
             \x20   'nulls_distinct', NOT coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false))), '[]') FROM pg_index i\n\
             \x20 WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL),\n\
             'member', {member}, 'otherwise_unique', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisexclusion\n\
             \x20 OR i.indisunique AND (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL))),\n\
             'references', (SELECT coalesce(jsonb_agg(DISTINCT f.confrelid::bigint), '[]') FROM pg_constraint f\n\
             \x20 WHERE f.conrelid = c.oid AND f.contype = 'f')) END\n\
             FROM unnest(ARRAY[{names}]::text[]) WITH ORDINALITY t (name, ordinality)\n\
             LEFT JOIN pg_class c ON c.oid = to_regclass(t.name) LEFT JOIN pg_namespace n ON n.oid = c.relnamespace\n\
             ORDER BY t.ordinality",
            base = base("coalesce(nullif(y.typbasetype, 0), y.oid)"),
            element = base(ELEMENT),
            element_oid = ELEMENT,
            member = member("pg_class", "c.oid"),
            names = names.join(", ")
        );
        answered(&[("atlas_described", &query)])
    }

    /// For each table, which is quoted, whether it has rows.
    pub(crate) fn have_rows<'a>(tables: impl IntoIterator<Item = &'a str>) -> String {
        let select = |table| format!("SELECT {} AS atlas_filled WHERE EXISTS (SELECT 1 FROM {table})", literal(table));
        tables.into_iter().map(select).collect::<Vec<_>>().join("\nUNION ALL ") + ";\n"
    }

    /// Sets a sequence, which is quoted, behind the highest value of a column below `limit`, if it reaches that. Never lowers it.
    pub(crate) fn set_sequence(table: &str, column: &str, sequence: &str, limit: i64) -> String {
        let column = ident(column);
        format!(
            "SELECT setval({name}, m.highest) FROM (SELECT max({column}) AS highest FROM {table} WHERE {column} < {limit}) m,\n\
             {sequence} s, pg_sequence q WHERE q.seqrelid = {name}::regclass AND q.seqincrement > 0\n\
             AND m.highest >= s.last_value + s.is_called::integer AND m.highest <= q.seqmax;\n",
            name = literal(sequence),
        )
    }
}
