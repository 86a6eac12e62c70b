//! Functions, operators and what is built on them.

use crate::{Base, check};

/// Two functions over a type.
const BASE: &str = "CREATE TYPE t AS (x int);
    CREATE FUNCTION less(t, t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.x < $2.x';
    CREATE FUNCTION greater(t, t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.x > $2.x';
    CREATE FUNCTION compare(t, t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.x - $2.x';
    CREATE FUNCTION number(t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.x'";

#[test]
fn functions() {
    let empty = Base::new("");
    empty.check(
        "CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION f",
        &[
            "added function public.f(integer,text)",
            "+ CREATE OR REPLACE FUNCTION public.f(a integer, b text DEFAULT 'x'::text)",
            "+  RETURNS integer",
            "+  LANGUAGE sql",
            "+ AS $function$SELECT 1$function$",
            "+ owner postgres",
        ],
    );
    empty.check(
        "CREATE PROCEDURE p(INOUT a int) LANGUAGE plpgsql AS $$BEGIN\n  a := 1;\nEND$$",
        "DROP PROCEDURE p",
        &[
            "added procedure public.p(integer)",
            "+ CREATE OR REPLACE PROCEDURE public.p(INOUT a integer)",
            "+  LANGUAGE plpgsql",
            "+ AS $procedure$BEGIN",
            "+   a := 1;",
            "+ END$procedure$",
            "+ owner postgres",
        ],
    );
    let base = "CREATE FUNCTION f(a int) RETURNS SETOF int LANGUAGE plpgsql AS $$BEGIN\n  a := 1;\n  RETURN;\nEND$$";
    check(
        base,
        "ALTER FUNCTION f IMMUTABLE STRICT SECURITY DEFINER LEAKPROOF PARALLEL SAFE COST 7 ROWS 5 SET search_path = ''",
        "ALTER FUNCTION f VOLATILE CALLED ON NULL INPUT SECURITY INVOKER NOT LEAKPROOF PARALLEL UNSAFE COST 100 ROWS 1000
         RESET ALL",
        &["changed function public.f(integer)", "+  IMMUTABLE PARALLEL SAFE STRICT SECURITY DEFINER LEAKPROOF COST 7 ROWS 5", "+  SET search_path TO ''"],
    );
    check(
        base,
        &base.replace(" FUNCTION", " OR REPLACE FUNCTION").replace(":= 1", ":= 2"),
        &base.replace(" FUNCTION", " OR REPLACE FUNCTION"),
        &["changed function public.f(integer)", "-   a := 1;", "+   a := 2;"],
    );
    check(
        base,
        "CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION f(text)",
        &[
            "added function public.f(text)",
            "+ CREATE OR REPLACE FUNCTION public.f(a text)",
            "+  RETURNS integer",
            "+  LANGUAGE sql",
            "+ AS $function$SELECT 1$function$",
            "+ owner postgres",
        ],
    );
    empty.check(
        "CREATE FUNCTION w(int) RETURNS int LANGUAGE internal WINDOW AS 'window_row_number'",
        "DROP FUNCTION w",
        &[
            "added function public.w(integer)",
            "+ CREATE OR REPLACE FUNCTION public.w(integer)",
            "+  RETURNS integer",
            "+  LANGUAGE internal",
            "+  WINDOW",
            "+ AS $function$window_row_number$function$",
            "+ owner postgres",
        ],
    );
}

#[test]
fn a_line_end_in_a_body_is_a_difference() {
    let body = |end: &str| format!("CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT{end}1$$");
    check(
        &body("\n"),
        &body("\r\n"),
        &body("\n"),
        &["changed function public.f()", "- AS $function$SELECT", r"+ AS $function$SELECT\r"],
    );
}

#[test]
fn aggregates() {
    let empty = Base::new("");
    empty.check(
        "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
        "DROP AGGREGATE total(int)",
        &[
            "added aggregate public.total(integer)",
            "+ (integer) returns integer parallel u",
            "+ state integer",
            "+ aggfinalmodify r",
            "+ aggkind n",
            "+ aggmfinalmodify r",
            "+ aggtransfn int4pl",
            "+ owner postgres",
        ],
    );
    let aggregate = |rest: &str| format!("CREATE OR REPLACE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int{rest})");
    check(
        &aggregate(""),
        &aggregate(
            ", COMBINEFUNC = int4pl, PARALLEL = safe, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, SORTOP = <",
        ),
        &aggregate(""),
        &[
            "changed aggregate public.total(integer)",
            "- (integer) returns integer parallel u",
            "+ (integer) returns integer parallel s",
            "+ moving state integer",
            "+ sort operator <(integer,integer)",
            "+ aggcombinefn int4pl",
            "+ aggminvtransfn int4mi",
            "+ aggmtransfn int4pl",
        ],
    );
}

#[test]
fn operators() {
    let start = Base::new(BASE);
    start.check(
        "CREATE OPERATOR <<< (LEFTARG = t, RIGHTARG = t, FUNCTION = less)",
        "DROP OPERATOR <<< (t, t)",
        &["added operator public.<<<(public.t,public.t)", "+ function public.less", "+ owner postgres"],
    );
    // Each names the other: some minor releases, and no earlier ones, conclude it from what the other one says.
    let operators = |less: &str, greater: &str| {
        format!(
            "CREATE OPERATOR <<< (LEFTARG = t, RIGHTARG = t, FUNCTION = less{less});
             CREATE OPERATOR >>> (LEFTARG = t, RIGHTARG = t, FUNCTION = greater{greater})"
        )
    };
    let related = operators(", COMMUTATOR = >>>, RESTRICT = scalarltsel", ", COMMUTATOR = <<<");
    let none = "DROP OPERATOR <<< (t, t); DROP OPERATOR >>> (t, t)";
    check(
        &format!("{BASE}; {}", operators("", "")),
        &format!("{none}; {related}"),
        &format!("{none}; {}", operators("", "")),
        &[
            "changed operator public.<<<(public.t,public.t)",
            "+ commutator public.>>>(public.t,public.t)",
            "+ restrict scalarltsel",
            "changed operator public.>>>(public.t,public.t)",
            "+ commutator public.<<<(public.t,public.t)",
        ],
    );
}

#[test]
fn operator_classes() {
    check(
        &format!("{BASE}; CREATE OPERATOR <<< (LEFTARG = t, RIGHTARG = t, FUNCTION = less)"),
        "CREATE OPERATOR CLASS c DEFAULT FOR TYPE t USING btree AS OPERATOR 1 <<<, FUNCTION 1 compare(t, t)",
        "DROP OPERATOR FAMILY c USING btree",
        &[
            "added operator class public.c using btree",
            "+ for public.t default family public.c",
            "+ owner postgres",
            "added operator family public.c using btree",
            "+ operator 1 public.<<<(public.t,public.t)",
            "+ function 1 (public.t, public.t) public.compare(public.t,public.t)",
            "+ owner postgres",
        ],
    );
}

#[test]
fn casts() {
    let start = Base::new(BASE);
    start.check(
        "CREATE CAST (t AS int) WITH FUNCTION number(t) AS ASSIGNMENT",
        "DROP CAST (t AS int)",
        &["added cast public.t as integer", "+ with function public.number(public.t) as assignment"],
    );
    start.check(
        "CREATE CAST (t AS text) WITH INOUT",
        "DROP CAST (t AS text)",
        &["added cast public.t as text", "+ with inout"],
    );
}

#[test]
fn transforms_and_languages() {
    let empty = Base::new("");
    check(
        "CREATE FUNCTION f(internal) RETURNS internal LANGUAGE internal AS 'int4recv'",
        "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))",
        "DROP TRANSFORM FOR int LANGUAGE sql",
        &["added transform for integer language sql", "+ from SQL prsd_lextype(internal)"],
    );
    empty.check(
        "CREATE LANGUAGE other HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator",
        "DROP LANGUAGE other",
        &[
            "added language other",
            "+ handler plpgsql_call_handler() validator plpgsql_validator(oid)",
            "+ owner postgres",
        ],
    );
}
