//! Migrations as one file, which any client can run.
//!
//! Clients go on behind an error, or undo one statement of a transaction and go on with the next. So each migration is one
//! statement, with what it is guarded by and with its record. A setting of the session says how far the file has come; it is
//! set in that statement too, and nothing runs behind one that failed.

use atlas_migrate_core::checksum::Fingerprint;
use atlas_migrate_core::history::State;
use atlas_migrate_core::migration::{Header, Migration, Script, Transaction};
use atlas_migrate_core::plan;
use atlas_migrate_core::statement::{self, Resume};

use crate::migrations::sql::{Lease, Record};
use crate::postgres::sql::path::{PATH_AS_IT_IS, PUT_PATH_BACK, TAKE_OWN_PATH, perform_rules};
use crate::postgres::sql::{COMMIT, Sql, dollar_quoted, literal};

/// The setting that says how far the file has come.
const PROGRESS: &str = "atlas_migrate.script";

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n";

/// What a migration may have done to the session that is not for the next one.
const RESET: &str = "RESET SESSION AUTHORIZATION;\nRESET ROLE;\nRESET ALL;\n";

/// Fails what writes, and may not be in a transaction with what guards it.
const READ_ONLY: &str = "SET default_transaction_read_only = on;\n";

/// A file of migrations.
pub(crate) struct File<'a> {
    /// What tells it from other files.
    pub(crate) id: String,
    /// The repeatable migrations that it leaves to a run.
    pub(crate) left: Vec<&'a Migration>,
}

impl File<'_> {
    /// Nothing of it runs until its beginning has said so.
    fn head() -> String {
        format!("SET {PROGRESS} = 'none';\n")
    }

    pub(crate) fn end() -> String {
        format!("SET {PROGRESS} = 'done';\n")
    }

    /// In a block: the file has come so far.
    fn advance(&self, to: &str) -> String {
        format!("PERFORM set_config('{PROGRESS}', '{} {to}', false);\n", self.id)
    }

    /// In a block: an error unless the file has come just so far.
    fn guard(&self, at: &str, lock_key: i64) -> String {
        format!(
            "IF current_setting('{PROGRESS}', true) IS DISTINCT FROM '{} {at}' THEN\n\
             RAISE EXCEPTION 'nothing runs: something before it in this file did not';\n\
             END IF;\n\
             IF NOT pg_try_advisory_xact_lock({lock_key}) THEN\n\
             RAISE EXCEPTION 'another process is migrating this database';\n\
             END IF;\n",
            self.id
        )
    }
}

/// A statement whose success SQL cannot see.
pub(crate) struct Unseen(pub(crate) usize);

/// One migration of a file.
struct Part<'a> {
    file: &'a File<'a>,
    /// How many come before it.
    index: usize,
    migration: &'a Migration,
}

impl Sql {
    /// Makes the history, if there is none, and refuses if it lacks one of those that come before, has one of those that are to
    /// run, another history is there, or somebody is at work.
    pub(crate) fn begin_script(
        &self,
        file: &File<'_>,
        before: &[&Migration],
        wanted: &[&Migration],
        finds_others: bool,
    ) -> String {
        let (history, namespace) = (self.history(), literal(&self.namespace));
        let versions = |migrations: &[&Migration]| {
            let versions = migrations.iter().map(|migration| literal(migration.version().as_str()));
            format!("ARRAY[{}]::text[]", versions.collect::<Vec<_>>().join(", "))
        };
        let lacking = match before {
            [] => String::new(),
            before => format!(
                "\x20 SELECT string_agg(v, ', ' ORDER BY v) INTO atlas_done FROM unnest({}) v\n\
                 \x20   WHERE NOT EXISTS (SELECT FROM {history} WHERE namespace = {namespace} AND version = v\n\
                 \x20     AND state IN ('applied', 'skipped', 'baseline'));\n\
                 \x20 IF atlas_done IS NOT NULL THEN\n\
                 \x20   RAISE EXCEPTION 'the history does not have these: %', atlas_done;\n\
                 \x20 END IF;\n",
                versions(before),
            ),
        };
        let (variables, others) = match finds_others {
            true => (super::beside::VARIABLES, self.refuse_others()),
            false => ("", String::new()),
        };
        let body = format!(
            "DECLARE\n\
             \x20 atlas_granted boolean;\n\
             \x20 atlas_done pg_catalog.text;\n\
             {variables}\
             BEGIN\n\
             {TAKE_OWN_PATH}\
             {role}\
             \x20 atlas_granted := pg_try_advisory_xact_lock({lock});\n\
             \x20 IF NOT atlas_granted THEN\n\
             \x20   RAISE EXCEPTION 'another process is migrating this database';\n\
             \x20 END IF;\n\
             {create}\
             {lacking}\
             {others}\
             \x20 SELECT string_agg(version, ', ' ORDER BY version) INTO atlas_done FROM {history}\n\
             \x20   WHERE namespace = {namespace} AND version = ANY ({wanted});\n\
             \x20 IF atlas_done IS NOT NULL THEN\n\
             \x20   RAISE EXCEPTION 'the history has these already: %', atlas_done;\n\
             \x20 END IF;\n\
             \x20 {advance}\
             END",
            role = self.perform_local_role(),
            lock = self.lock_key(),
            create = self.create(),
            wanted = versions(wanted),
            advance = file.advance("0"),
        );
        format!("{}{BEGIN}DO {};\n{COMMIT}", File::head(), dollar_quoted(&body))
    }

    /// In a block: an error if there are other histories, and this one is empty.
    fn refuse_others(&self) -> String {
        format!(
            "\x20 IF NOT EXISTS (SELECT FROM {history} WHERE namespace = {namespace}) THEN\n\
             {find}\
             \x20   IF atlas_others <> '[]' THEN\n\
             \x20     RAISE EXCEPTION 'this database has another history of migrations: %', (SELECT\n\
             \x20       string_agg(concat(o ->> 'quoted', ' (', o ->> 'tool', ')'), ', ') FROM jsonb_array_elements(atlas_others) o);\n\
             \x20   END IF;\n\
             \x20 END IF;\n",
            history = self.history(),
            namespace = literal(&self.namespace),
            find = self.find_others(),
        )
    }

    /// Runs a migration and records it.
    ///
    /// # Errors
    ///
    /// The index of a statement of which SQL cannot see whether it succeeded, and which can be in no transaction.
    pub(crate) fn scripted(&self, file: &File<'_>, index: usize, migration: &Migration) -> Result<String, Unseen> {
        let part = Part { file, index, migration };
        match migration.up().header().transaction {
            Transaction::None if !migration.up().statements().is_empty() => self.statement_by_statement(&part),
            Transaction::None | Transaction::Wrapped => Ok(self.in_one_statement(&part)),
        }
    }

    fn in_one_statement(&self, part: &Part<'_>) -> String {
        let Part { file, index, migration } = *part;
        let script = migration.up();
        let header = script.header();
        let record = |state, statements| {
            let fingerprint = script.fingerprint();
            let record = self.record(&Record { migration, row: None, state, statements, fingerprint, behind: None });
            format!("{TAKE_OWN_PATH}{record}")
        };
        let applied = record(State::Applied, script.statements().len());
        let execute = execute(&part.title(), &script.sql());
        let (role, marks) = (self.perform_local_role(), self.marks(file, &script.sql()));
        let run = format!("{}{execute}{RESET}{role}{marks}{applied}", requirements(header));
        let run = match &header.skip_unless {
            None => run,
            Some(condition) => {
                format!("IF {} THEN\n{run}ELSE\n{}END IF;\n", is_true(condition), record(State::Skipped, 0))
            }
        };
        let guard = file.guard(&index.to_string(), self.lock_key()) + &perform_rules(true);
        self.block(&guard, &run, &file.advance(&(index + 1).to_string()))
    }

    /// A statement in a transaction: what guards it, what runs as the migration would, and what says how far the file has come.
    fn block(&self, guard: &str, run: &str, advance: &str) -> String {
        let body = format!(
            "DECLARE\n{PATH_AS_IT_IS}BEGIN\n\
             {TAKE_OWN_PATH}{}{guard}{PUT_PATH_BACK}{run}{TAKE_OWN_PATH}{advance}END",
            self.perform_local_role(),
        );
        format!("{BEGIN}DO {};\n{COMMIT}", dollar_quoted(&body))
    }

    /// As a run does: the row says how many statements have completed. One that cannot be in a transaction runs only if a setting
    /// lets it, which what guards it has made; and counts only if the catalog shows what it did.
    fn statement_by_statement(&self, part: &Part<'_>) -> Result<String, Unseen> {
        let Part { file, index, migration } = *part;
        let script = migration.up();
        let sql = script.sql();
        let record = self.record(&Record {
            migration,
            row: None,
            state: State::Running,
            statements: 0,
            fingerprint: fingerprint(script, 0),
            behind: None,
        });
        let lease = Lease { row: migration.version(), token: &file.id, session: None };
        let lease = self.take_lease(&lease, State::Running, 0);
        let begin = format!("{}{TAKE_OWN_PATH}{record}{lease}", requirements(script.header()));
        let guard = file.guard(&index.to_string(), self.lock_key()) + &perform_rules(false);
        let mut text = self.block(&guard, &begin, &file.advance(&part.at(0)));
        let statements = script.statements();
        for (number, statement) in statements.iter().enumerate() {
            let sql = &sql[statement.range.clone()];
            let guard = file.guard(&part.at(number), self.lock_key()) + &self.is_at_work(part, number);
            let is_last = number + 1 == statements.len();
            let advance = match is_last {
                true => file.advance(&(index + 1).to_string()),
                false => file.advance(&part.at(number + 1)),
            };
            let reset = if is_last { RESET } else { "" };
            let (role, marks) = (self.perform_local_role(), self.marks(file, sql));
            let record = format!("{reset}{role}{marks}{TAKE_OWN_PATH}{}", self.completed(part, number + 1));
            text += &match statement::resume(sql) {
                Resume::Atomic => self.block(&guard, &(execute(&part.title(), sql) + &record), &advance),
                resume => {
                    let Some((before, after)) = evidence(&resume, sql) else { return Err(Unseen(number)) };
                    let under_way = part.at(number) + "!";
                    let role = self.role.as_deref();
                    let role = role.map_or(String::new(), |role| {
                        format!("PERFORM set_config('role', {}, false);\n", literal(role))
                    });
                    let allow = format!(
                        "{TAKE_OWN_PATH}{role}PERFORM set_config('default_transaction_read_only', 'off', false);\n{}",
                        file.advance(&under_way)
                    );
                    let seen = file.guard(&under_way, self.lock_key()) + &self.is_at_work(part, number);
                    format!(
                        "{READ_ONLY}{}{}{sql};\n{READ_ONLY}{}RESET default_transaction_read_only;\n",
                        self.block(&guard, &before, &allow),
                        Self::tag(&file.id, migration),
                        self.block(&seen, &(after + &record), &advance),
                    )
                }
            };
        }
        Ok(text)
    }

    /// In a block: marks what is left to a run and has gone with what this drops.
    fn marks(&self, file: &File<'_>, sql: &str) -> String {
        if statement::may_drop(sql) { self.mark_gone(&file.left, "atlas_path") } else { String::new() }
    }

    /// In a block: an error unless this session is at this statement of the migration.
    fn is_at_work(&self, part: &Part<'_>, completed: usize) -> String {
        format!(
            "PERFORM FROM {} WHERE {} AND state = 'running' AND statements = {completed}\n\
             AND runner LIKE '{} ' || pg_backend_pid() || ' %' FOR UPDATE;\n\
             IF NOT FOUND THEN\n\
             RAISE EXCEPTION 'nothing runs: another process has taken the migration over';\n\
             END IF;\n",
            self.history(),
            self.is(part.migration.version()),
            part.file.id
        )
    }

    /// Writes that so many statements have completed.
    fn completed(&self, part: &Part<'_>, statements: usize) -> String {
        let script = part.migration.up();
        let (state, fingerprint) = match statements == script.statements().len() {
            true => (
                format!(", state = 'applied', runner = NULL, checksum = '{}'", script.checksum()),
                script.fingerprint(),
            ),
            false => (String::new(), fingerprint(script, statements)),
        };
        format!(
            "UPDATE {} SET statements = {statements}, {}, fingerprint = '{fingerprint}'{state} WHERE {};\n{}",
            self.history(),
            super::write::ELAPSED,
            self.is(part.migration.version()),
            self.expect(
                part.migration.version(),
                &format!("statements = {statements} AND fingerprint = '{fingerprint}'")
            )
        )
    }
}

impl Part<'_> {
    /// So many of its statements have completed.
    fn at(&self, completed: usize) -> String {
        format!("{}.{completed}", self.index)
    }

    /// Behind it nothing begins with a `SELECT … INTO`, which a block does not take for the beginning of what it executes.
    fn title(&self) -> String {
        format!("/* {} */", super::write::comment(self.migration))
    }
}

fn execute(title: &str, sql: &str) -> String {
    // The line feed ends a comment that the text may end in.
    format!("EXECUTE {};\n", dollar_quoted(&format!("{title}\n{}\n", sql.trim_end())))
}

fn fingerprint(script: &Script, statements: usize) -> Fingerprint {
    plan::fingerprint_of_first(statements, script).unwrap_or(script.fingerprint())
}

/// In a block, by the session's names: what is checked before a statement runs, and what shows in the catalog that it did.
fn evidence(resume: &Resume<'_>, sql: &str) -> Option<(String, String)> {
    let unless = |condition: &str, message: &str| {
        format!("IF NOT ({condition}) THEN\nRAISE EXCEPTION '%', {};\nEND IF;\n", literal(message))
    };
    // A block within, for its variable.
    let with = |name: &str, check: String| {
        format!(
            "DECLARE\natlas_object pg_catalog.oid := pg_catalog.to_regclass({});\nBEGIN\n{TAKE_OWN_PATH}{check}{PUT_PATH_BACK}END;\n",
            literal(name)
        )
    };
    let is_conditional = sql.to_ascii_uppercase().contains("EXISTS");
    Some(match resume {
        Resume::CreateIndex(index) => {
            let name = index.name?;
            let named = format!(
                "FROM pg_class c LEFT JOIN pg_index x ON x.indexrelid = c.oid WHERE c.relname = (parse_ident({}))[1] \
                 AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = atlas_object)",
                literal(name)
            );
            let free =
                unless(&format!("NOT EXISTS (SELECT {named})"), &format!("the name of the index {name} is taken"));
            let built = format!("EXISTS (SELECT {named} AND x.indrelid = atlas_object AND x.indisvalid)");
            let before = if index.if_not_exists { String::new() } else { with(index.table, free) };
            (
                before,
                with(index.table, unless(&built, &format!("the index {name} was not built: a run goes on from here"))),
            )
        }
        Resume::DropIndex(name) => {
            let there = unless("atlas_object IS NOT NULL", &format!("there is no index {name}"));
            let gone =
                unless("atlas_object IS NULL", &format!("the index {name} was not dropped: a run goes on from here"));
            (if is_conditional { String::new() } else { with(name, there) }, with(name, gone))
        }
        Resume::DetachPartition { table, partition } => {
            let attached =
                "EXISTS (SELECT FROM pg_inherits WHERE inhrelid = atlas_object AND inhparent = atlas_parent)";
            let with_both = |check: String| {
                let parent = literal(table);
                format!(
                    "DECLARE\natlas_parent pg_catalog.oid := pg_catalog.to_regclass({parent});\nBEGIN\n{}END;\n",
                    with(partition, check)
                )
            };
            let there = unless(attached, &format!("{partition} is not attached"));
            let gone = format!("NOT {attached}");
            let gone = unless(&gone, &format!("{partition} was not detached: a run goes on from here"));
            (with_both(there), with_both(gone))
        }
        Resume::Atomic | Resume::Again | Resume::Reindex(_) | Resume::Commits | Resume::Unknown => return None,
    })
}

/// Raises an error unless all that a migration requires is so.
fn requirements(header: &Header) -> String {
    let require = |require: &atlas_migrate_core::migration::Require| {
        let message = require.message.clone().unwrap_or_else(|| format!("not so: {}", require.condition).into());
        format!(
            "IF NOT {} THEN\nRAISE EXCEPTION USING MESSAGE = {};\nEND IF;\n",
            is_true(&require.condition),
            literal(&message)
        )
    };
    header.require.iter().map(require).collect()
}

/// The line feed ends a comment that a condition may end in.
fn is_true(condition: &str) -> String {
    format!("coalesce(({condition}\n)::boolean, false)")
}
