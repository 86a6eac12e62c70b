//! Tables, views and sequences.

use crate::{Base, check};

const BASE: &str = "CREATE TABLE a (id int PRIMARY KEY, name text);
    CREATE TYPE t AS (id int, name text)";

#[test]
fn tables() {
    let empty = Base::new("");
    let start = Base::new(BASE);
    empty.check(
        "CREATE TABLE a (id int)",
        "DROP TABLE a",
        &["added table public.a", "+ column id integer", "+ owner postgres"],
    );
    check(
        "CREATE TABLE a ()",
        "ALTER TABLE a RENAME TO b",
        "ALTER TABLE b RENAME TO a",
        &["removed table public.a", "- owner postgres", "added table public.b", "+ owner postgres"],
    );
    check(
        "CREATE TABLE a (); CREATE SCHEMA s",
        "ALTER TABLE a SET SCHEMA s",
        "ALTER TABLE s.a SET SCHEMA public",
        &["removed table public.a", "- owner postgres", "added table s.a", "+ owner postgres"],
    );
    start.changed("ALTER TABLE a SET UNLOGGED", "ALTER TABLE a SET LOGGED", &["+ unlogged"]);
    start.changed(
        "ALTER TABLE a SET (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off)",
        "ALTER TABLE a RESET (fillfactor, autovacuum_enabled, toast.autovacuum_enabled)",
        &["+ options autovacuum_enabled=off, fillfactor=70", "+ options of the TOAST table autovacuum_enabled=off"],
    );
    start.changed(
        "ALTER TABLE a REPLICA IDENTITY FULL",
        "ALTER TABLE a REPLICA IDENTITY DEFAULT",
        &["+ replica identity full"],
    );
    start.changed(
        "ALTER TABLE a REPLICA IDENTITY NOTHING",
        "ALTER TABLE a REPLICA IDENTITY DEFAULT",
        &["+ replica identity nothing"],
    );
    start.changed(
        "ALTER TABLE a REPLICA IDENTITY USING INDEX a_pkey",
        "ALTER TABLE a REPLICA IDENTITY DEFAULT",
        &["+ index a_pkey REPLICA IDENTITY"],
    );
    start.changed(
        "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE a DISABLE ROW LEVEL SECURITY",
        &["+ row security"],
    );
    start.changed(
        "ALTER TABLE a FORCE ROW LEVEL SECURITY",
        "ALTER TABLE a NO FORCE ROW LEVEL SECURITY",
        &["+ row security for the owner too"],
    );
    start.changed(
        "ALTER TABLE a CLUSTER ON a_pkey",
        "ALTER TABLE a SET WITHOUT CLUSTER",
        &["+ index a_pkey CLUSTERED"],
    );
    start.changed("ALTER TABLE a OF t", "ALTER TABLE a NOT OF", &["+ of type public.t"]);
    check(
        "CREATE ACCESS METHOD heapish TYPE TABLE HANDLER heap_tableam_handler",
        "CREATE TABLE a () USING heapish",
        "DROP TABLE a",
        &["added table public.a", "+ access method heapish", "+ owner postgres"],
    );
}

#[test]
fn partitions() {
    let empty = Base::new("");
    empty.check(
        "CREATE TABLE p (id int, at date) PARTITION BY RANGE (at)",
        "DROP TABLE p",
        &[
            "added table public.p",
            "+ partitioned by RANGE (at)",
            "+ column id integer",
            "+ column at date",
            "+ owner postgres",
        ],
    );
    check(
        "CREATE TABLE p (id int, at date) PARTITION BY RANGE (at); CREATE INDEX i ON p (id);
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
         CREATE TRIGGER t AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
         ALTER TABLE p ADD PRIMARY KEY (id, at)",
        "CREATE TABLE c PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        "DROP TABLE c",
        &[
            "added table public.c",
            "+ partition of public.p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
            "+ column id integer NOT NULL INHERITED",
            "+ column at date NOT NULL INHERITED",
            "+ owner postgres",
        ],
    );
    check(
        "CREATE TABLE p (id int, at date) PARTITION BY LIST (id); CREATE TABLE c (id int, at date)",
        "ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (1, 2)",
        "ALTER TABLE p DETACH PARTITION c",
        &[
            "changed table public.c",
            "- column id integer",
            "- column at date",
            "+ partition of public.p FOR VALUES IN (1, 2)",
            "+ column id integer INHERITED",
            "+ column at date INHERITED",
        ],
    );
    check(
        "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE c PARTITION OF p DEFAULT",
        "CREATE INDEX i ON ONLY p (id); CREATE INDEX j ON c (id)",
        "DROP INDEX i, j",
        &[
            "changed table public.c",
            "+ CREATE INDEX j ON public.c USING btree (id)",
            "changed table public.p",
            "+ CREATE INDEX i ON ONLY public.p USING btree (id) INVALID",
        ],
    );
}

#[test]
fn views() {
    let base = "CREATE TABLE a (id int); CREATE TABLE b (id int)";
    let view = "SELECT a.id AS x FROM a, b";
    check(
        base,
        &format!("CREATE VIEW v WITH (security_barrier) AS {view}"),
        "DROP VIEW v",
        &[
            "added view public.v",
            "+ options security_barrier=true",
            "+  SELECT a.id AS x",
            "+    FROM public.a,",
            "+     public.b;",
            "+ owner postgres",
        ],
    );
    check(
        base,
        &format!("CREATE MATERIALIZED VIEW m WITH (fillfactor = 70) AS {view}; CREATE INDEX i ON m (x)"),
        "DROP MATERIALIZED VIEW m",
        &[
            "added materialized view public.m",
            "+ options fillfactor=70",
            "+  SELECT a.id AS x",
            "+    FROM public.a,",
            "+     public.b;",
            "+ CREATE INDEX i ON public.m USING btree (x)",
            "+ owner postgres",
        ],
    );
    let base = format!("{base}; CREATE VIEW v AS {view}");
    let replace = |view: &str| format!("CREATE OR REPLACE VIEW v AS {view}");
    check(
        &base,
        &replace(&format!("{view} WHERE a.id > 0")),
        &replace(view),
        &["changed view public.v", "-     public.b;", "+     public.b", "+   WHERE (a.id > 0);"],
    );
    check(
        &base,
        "ALTER VIEW v ALTER x SET DEFAULT 7",
        "ALTER VIEW v ALTER x DROP DEFAULT",
        &["changed view public.v", "+ column x DEFAULT 7"],
    );
    check(
        &base,
        "ALTER VIEW v RENAME x TO y",
        "ALTER VIEW v RENAME y TO x",
        &["changed view public.v", "-  SELECT a.id AS x", "+  SELECT a.id AS y"],
    );
}

#[test]
fn sequences() {
    let empty = Base::new("");
    empty.check(
        "CREATE SEQUENCE s",
        "DROP SEQUENCE s",
        &[
            "added sequence public.s",
            "+ bigint start 1 increment 1 minimum 1 maximum 9223372036854775807 cache 1",
            "+ owner postgres",
        ],
    );
    let base = Base::new("CREATE SEQUENCE s; CREATE TABLE a (id int)");
    base.check(
        "ALTER SEQUENCE s AS int INCREMENT 2 MINVALUE 3 MAXVALUE 9 START 4 RESTART CACHE 5 CYCLE; SELECT setval('s', 7)",
        "ALTER SEQUENCE s AS bigint INCREMENT 1 NO MINVALUE NO MAXVALUE START 1 RESTART CACHE 1 NO CYCLE",
        &[
            "changed sequence public.s",
            "- bigint start 1 increment 1 minimum 1 maximum 9223372036854775807 cache 1",
            "+ integer start 4 increment 2 minimum 3 maximum 9 cache 5 cycle",
        ],
    );
    base.check(
        "ALTER SEQUENCE s OWNED BY a.id",
        "ALTER SEQUENCE s OWNED BY NONE",
        &["changed sequence public.s", "+ owned by public.a.id"],
    );
}
