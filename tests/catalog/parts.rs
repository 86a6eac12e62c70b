//! The parts of tables: constraints, indexes, triggers, rules and policies.

use crate::{Base, check};

const BASE: &str = "CREATE TABLE a (id int PRIMARY KEY, name text);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'";

#[test]
fn constraints() {
    let start = Base::new(BASE);
    start.changed(
        "ALTER TABLE a DROP CONSTRAINT a_pkey",
        "ALTER TABLE a ADD PRIMARY KEY (id)",
        &["- constraint a_pkey PRIMARY KEY (id)"],
    );
    start.changed(
        "ALTER TABLE a ADD UNIQUE (name) INCLUDE (id) DEFERRABLE",
        "ALTER TABLE a DROP CONSTRAINT a_name_id_key",
        &["+ constraint a_name_id_key UNIQUE (name) INCLUDE (id) DEFERRABLE"],
    );
    start.changed(
        "ALTER TABLE a ADD CONSTRAINT c CHECK (id > 0) NO INHERIT NOT VALID",
        "ALTER TABLE a DROP CONSTRAINT c",
        &["+ constraint c CHECK ((id > 0)) NO INHERIT NOT VALID"],
    );
    start.changed(
        "ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES a ON DELETE CASCADE",
        "ALTER TABLE a DROP CONSTRAINT c",
        &["+ constraint c FOREIGN KEY (id) REFERENCES public.a(id) ON DELETE CASCADE"],
    );
    start.changed(
        "ALTER TABLE a ADD CONSTRAINT c EXCLUDE USING hash (name WITH =) WHERE (id > 0)",
        "ALTER TABLE a DROP CONSTRAINT c",
        &["+ constraint c EXCLUDE USING hash (name WITH =) WHERE ((id > 0))"],
    );
    start.changed(
        "ALTER TABLE a RENAME CONSTRAINT a_pkey TO b",
        "ALTER TABLE a RENAME CONSTRAINT b TO a_pkey",
        &["- constraint a_pkey PRIMARY KEY (id)", "+ constraint b PRIMARY KEY (id)"],
    );
    start.changed(
        "ALTER INDEX a_pkey SET (fillfactor = 80)",
        "ALTER INDEX a_pkey RESET (fillfactor)",
        &["+ index a_pkey WITH (fillfactor=80)"],
    );
    check(
        "CREATE TABLE a (id int PRIMARY KEY, parent int REFERENCES a)",
        "ALTER TABLE a DISABLE TRIGGER ALL",
        "ALTER TABLE a ENABLE TRIGGER ALL",
        &[
            "changed table public.a",
            "- constraint a_parent_fkey FOREIGN KEY (parent) REFERENCES public.a(id)",
            "+ constraint a_parent_fkey FOREIGN KEY (parent) REFERENCES public.a(id) DISABLED",
        ],
    );
    check(
        "CREATE TABLE a (id int); ALTER TABLE a ADD CONSTRAINT c CHECK (id > 0) NOT VALID",
        "ALTER TABLE a VALIDATE CONSTRAINT c",
        "ALTER TABLE a DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (id > 0) NOT VALID",
        &["changed table public.a", "- constraint c CHECK ((id > 0)) NOT VALID", "+ constraint c CHECK ((id > 0))"],
    );
}

#[test]
fn indexes() {
    let start = Base::new(BASE);
    start.changed(
        "CREATE INDEX i ON a USING btree (lower(name) DESC, id) WITH (fillfactor = 50) WHERE id > 0",
        "DROP INDEX i",
        &["+ CREATE INDEX i ON public.a USING btree (lower(name) DESC, id) WITH (fillfactor='50') WHERE (id > 0)"],
    );
    start.changed(
        "CREATE UNIQUE INDEX i ON a (name COLLATE \"C\" text_pattern_ops NULLS FIRST)",
        "DROP INDEX i",
        &["+ CREATE UNIQUE INDEX i ON public.a USING btree (name COLLATE \"C\" text_pattern_ops NULLS FIRST)"],
    );
    check(
        "CREATE TABLE a (id int); CREATE INDEX i ON a ((id + 1))",
        "ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 300",
        "ALTER INDEX i ALTER COLUMN 1 SET STATISTICS -1",
        &[
            "changed table public.a",
            "- CREATE INDEX i ON public.a USING btree (((id + 1)))",
            "+ CREATE INDEX i ON public.a USING btree (((id + 1))) STATISTICS 300 OF 1",
        ],
    );
    check(
        "CREATE TABLE a (id int); CREATE INDEX i ON a (id)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass",
        "REINDEX INDEX i",
        &[
            "changed table public.a",
            "- CREATE INDEX i ON public.a USING btree (id)",
            "+ CREATE INDEX i ON public.a USING btree (id) INVALID",
        ],
    );
}

#[test]
fn triggers() {
    let start = Base::new(BASE);
    let trigger = "CREATE TRIGGER t BEFORE UPDATE OF name ON a FOR EACH ROW WHEN (new.id > 0) EXECUTE FUNCTION f()";
    start.changed(
        trigger,
        "DROP TRIGGER t ON a",
        &[
            "+ CREATE TRIGGER t BEFORE UPDATE OF name ON public.a FOR EACH ROW WHEN ((new.id > 0)) EXECUTE FUNCTION public.f()",
        ],
    );
    start.changed(
        "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f()",
        "DROP TRIGGER t ON a",
        &[
            "+ CREATE CONSTRAINT TRIGGER t AFTER INSERT ON public.a DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION public.f()",
        ],
    );
    let base = Base::new(
        "CREATE TABLE a (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()",
    );
    base.check(
        "ALTER TABLE a DISABLE TRIGGER t",
        "ALTER TABLE a ENABLE TRIGGER t",
        &[
            "changed table public.a",
            "- CREATE TRIGGER t AFTER INSERT ON public.a FOR EACH STATEMENT EXECUTE FUNCTION public.f()",
            "+ CREATE TRIGGER t AFTER INSERT ON public.a FOR EACH STATEMENT EXECUTE FUNCTION public.f() DISABLED",
        ],
    );
    base.check(
        "ALTER TABLE a ENABLE ALWAYS TRIGGER t",
        "ALTER TABLE a ENABLE TRIGGER t",
        &[
            "changed table public.a",
            "- CREATE TRIGGER t AFTER INSERT ON public.a FOR EACH STATEMENT EXECUTE FUNCTION public.f()",
            "+ CREATE TRIGGER t AFTER INSERT ON public.a FOR EACH STATEMENT EXECUTE FUNCTION public.f() ENABLED ALWAYS",
        ],
    );
    base.check(
        "ALTER TABLE a ENABLE REPLICA TRIGGER t",
        "ALTER TABLE a ENABLE TRIGGER t",
        &[
            "changed table public.a",
            "- CREATE TRIGGER t AFTER INSERT ON public.a FOR EACH STATEMENT EXECUTE FUNCTION public.f()",
            "+ CREATE TRIGGER t AFTER INSERT ON public.a FOR EACH STATEMENT EXECUTE FUNCTION public.f() ENABLED ON REPLICAS",
        ],
    );
}

#[test]
fn rules() {
    let start = Base::new(BASE);
    start.changed(
        "CREATE RULE r AS ON DELETE TO a DO INSTEAD NOTHING",
        "DROP RULE r ON a",
        &["+ CREATE RULE r AS", "+     ON DELETE TO public.a DO INSTEAD NOTHING;"],
    );
    let base = Base::new("CREATE TABLE a (id int); CREATE RULE r AS ON DELETE TO a DO INSTEAD NOTHING");
    base.check(
        "ALTER TABLE a DISABLE RULE r",
        "ALTER TABLE a ENABLE RULE r",
        &[
            "changed table public.a",
            "-     ON DELETE TO public.a DO INSTEAD NOTHING;",
            "+     ON DELETE TO public.a DO INSTEAD NOTHING; DISABLED",
        ],
    );
}

#[test]
fn policies() {
    let start = Base::new(BASE);
    start.changed("CREATE POLICY p ON a", "DROP POLICY p ON a", &["+ policy p PERMISSIVE FOR ALL TO PUBLIC"]);
    start.changed(
        "CREATE POLICY p ON a AS RESTRICTIVE FOR UPDATE TO pg_signal_backend, pg_monitor USING (id > 0) WITH CHECK (id > 1)",
        "DROP POLICY p ON a",
        &["+ policy p RESTRICTIVE FOR UPDATE TO pg_monitor, pg_signal_backend USING ((id > 0)) WITH CHECK ((id > 1))"],
    );
}
