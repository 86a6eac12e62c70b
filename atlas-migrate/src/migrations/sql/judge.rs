//! What is asked of the catalog when it is not known whether a statement took effect.

use atlas_migrate_core::statement::{CreateIndex, Reindex, Resume};

use crate::postgres::sql::path::{PATH_AS_IT_IS, PUT_PATH_BACK, TAKE_OWN_PATH, rules};
use crate::postgres::sql::session::milliseconds;
use crate::postgres::sql::{COMMIT, ROLLBACK, Sql, dollar_quoted, literal};

/// An index's definition without its name and table, which are the same of any two that are alike.
const DEFINITION: &str = "CASE WHEN x.indisunique THEN 'UNIQUE' ELSE '' END || \
    substring(pg_get_indexdef(x.indexrelid) FROM position(' USING ' IN pg_get_indexdef(x.indexrelid)))";

/// A session that may be at work on the indexes of a table.
const BUILDER: &str = "(SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
    WHERE l.relation = x.indrelid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid() \
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND coalesce(a.backend_type, 'client backend') = 'client backend' LIMIT 1)";

impl Sql {
    /// Asks what a statement may have left behind; nothing if nothing can be asked. Changes nothing.
    pub(crate) fn judge(&self, resume: &Resume<'_>) -> Option<String> {
        let (names, question): (&[&str], _) = match resume {
            Resume::CreateIndex(index) => return Some(self.open_question(&wanted(index), ROLLBACK)),
            Resume::DropIndex(name) => (
                &[name],
                format!(
                    "OPEN atlas_answer FOR SELECT atlas_0::text AS atlas_index, true, x.indisvalid, {DEFINITION}, {BUILDER} \
                     FROM pg_index x WHERE x.indexrelid = atlas_0"
                ),
            ),
            Resume::Reindex(target) => {
                let (name, scope) = scope(*target);
                let question = format!(
                    "OPEN atlas_answer FOR SELECT format('%I.%I', n.nspname, c.relname) AS atlas_index, true, x.indisvalid,\n\
                     {DEFINITION}, {BUILDER}\n\
                     FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace\n\
                     WHERE NOT x.indisvalid AND c.relkind = 'i' AND c.relname ~ '_cc(new|old)[0-9]*$' AND {scope}"
                );
                return Some(self.open_question(&asked(name.as_slice(), &question), COMMIT));
            }
            Resume::DetachPartition { table, partition } => (
                &[table, partition],
                "OPEN atlas_answer FOR SELECT coalesce(to_jsonb(i) ->> 'inhdetachpending', 'false') AS atlas_partition \
                 FROM pg_inherits i WHERE i.inhparent = atlas_0 AND i.inhrelid = atlas_1"
                    .to_owned(),
            ),
            Resume::Atomic | Resume::Again | Resume::Unknown | Resume::Commits => return None,
        };
        Some(self.open_question(&asked(names, &question), COMMIT))
    }

    fn open_question(&self, question: &str, end: &str) -> String {
        format!(
            "BEGIN;\nSET LOCAL lock_timeout = {};\nSET LOCAL statement_timeout = 0;\nSET LOCAL client_min_messages = error;\n\
             {}{}{question}{end}",
            milliseconds(self.lock_timeout),
            rules(),
            self.local_role()
        )
    }
}

/// A question about relations that are called so in the session's path: `atlas_0` and so on.
fn asked(names: &[&str], question: &str) -> String {
    let declare = |(number, name): (usize, &&str)| {
        format!("\x20 atlas_{number} pg_catalog.regclass := pg_catalog.to_regclass({});\n", literal(name))
    };
    let declarations: String = names.iter().enumerate().map(declare).collect();
    let body = format!(
        "DECLARE\n\
         {declarations}\
         \x20 atlas_answer pg_catalog.refcursor := 'atlas_answer';\n\
         BEGIN\n\
         {TAKE_OWN_PATH}\
         {question};\n\
         END"
    );
    format!("DO {};\nFETCH ALL FROM atlas_answer;\n", dollar_quoted(&body))
}

/// The indexes that a `CREATE INDEX` may have made, and the definition that they should have.
///
/// The server itself tells the latter, by an index like the one that is wanted on an empty table like the one that has it:
/// both are temporary, and rolled back. What the definition names is looked up as the statement would do it.
fn wanted(index: &CreateIndex<'_>) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let candidates = match index.name {
        Some(name) => format!(
            "c.relname = (parse_ident({}))[1]::name \
             AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = atlas_table)",
            literal(name)
        ),
        None => format!("x.indrelid = atlas_table AND {DEFINITION} = atlas_wanted"),
    };
    let body = format!(
        "DECLARE\n\
         \x20 atlas_table pg_catalog.oid := pg_catalog.to_regclass({table});\n\
         {PATH_AS_IT_IS}\
         \x20 atlas_twin pg_catalog.text;\n\
         \x20 atlas_create pg_catalog.text;\n\
         \x20 atlas_wanted pg_catalog.text;\n\
         \x20 atlas_definition pg_catalog.refcursor := 'atlas_definition';\n\
         \x20 atlas_index pg_catalog.refcursor := 'atlas_index';\n\
         BEGIN\n\
         {TAKE_OWN_PATH}\
         \x20 SELECT format('pg_temp.%I', relname) INTO atlas_twin FROM pg_class WHERE oid = atlas_table;\n\
         \x20 BEGIN\n\
         \x20   EXECUTE format('CREATE TABLE %s (LIKE %s)', atlas_twin, atlas_table::regclass);\n\
         \x20   atlas_create := format({create}, atlas_twin) || {definition};\n\
         {PUT_PATH_BACK}\
         \x20   EXECUTE atlas_create;\n\
         {TAKE_OWN_PATH}\
         \x20   SELECT {DEFINITION} INTO atlas_wanted FROM pg_index x WHERE x.indrelid = atlas_twin::regclass;\n\
         \x20 EXCEPTION WHEN OTHERS THEN\n\
         \x20   atlas_wanted := NULL;\n\
         \x20 END;\n\
         \x20 OPEN atlas_definition FOR SELECT atlas_wanted AS atlas_definition, atlas_table IS NOT NULL;\n\
         \x20 OPEN atlas_index FOR SELECT format('%I.%I', n.nspname, c.relname) AS atlas_index,\n\
         \x20   coalesce(c.relkind = 'i' AND x.indrelid = atlas_table, false), coalesce(x.indisvalid, false),\n\
         \x20   CASE WHEN x.indexrelid IS NULL THEN 'not an index' WHEN x.indrelid = atlas_table THEN {DEFINITION}\n\
         \x20     ELSE concat({DEFINITION}, ' on ', x.indrelid::regclass) END, {BUILDER}\n\
         \x20   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index x ON x.indexrelid = c.oid\n\
         \x20   WHERE {candidates};\n\
         END",
        table = literal(index.table),
        create = literal(&format!("CREATE {unique}INDEX ON %s ")),
        definition = literal(&format!("{}\n", index.definition)),
    );
    format!("DO {};\nFETCH ALL FROM atlas_definition;\nFETCH ALL FROM atlas_index;\n", dollar_quoted(&body))
}

/// The name that a `REINDEX` has, if it is that of a relation, and which indexes `x`, of the class `c`, it works on.
fn scope(target: Reindex<'_>) -> (Option<&str>, String) {
    let with_toast = |tables: &str| {
        format!(
            "(x.indrelid IN (SELECT t.oid FROM pg_class t WHERE {tables}) \
             OR x.indrelid IN (SELECT t.reltoastrelid FROM pg_class t WHERE {tables}))"
        )
    };
    // A table or index without partitions is in no tree.
    let itself_and_partitions = "(SELECT atlas_0 UNION ALL SELECT relid FROM pg_partition_tree(atlas_0))";
    match target {
        Reindex::Index(name) => (
            Some(name),
            format!("x.indrelid IN (SELECT i.indrelid FROM pg_index i WHERE i.indexrelid IN {itself_and_partitions})"),
        ),
        Reindex::Table(name) => (Some(name), with_toast(&format!("t.oid IN {itself_and_partitions}"))),
        Reindex::Schema(name) => (
            None,
            with_toast(&format!(
                "t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = (parse_ident({}))[1]::name)",
                literal(name)
            )),
        ),
        Reindex::Database => (None, "true".to_owned()),
    }
}
