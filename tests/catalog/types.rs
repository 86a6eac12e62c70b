//! Types, collations, conversions and text search.

use crate::{Base, check, version};

#[test]
fn enums() {
    let empty = Base::new("");
    empty.check(
        "CREATE TYPE e AS ENUM ('b', 'it''s')",
        "DROP TYPE e",
        &["added type public.e", "+ enum", "+ value 'b'", "+ value 'it''s'", "+ owner postgres"],
    );
    check(
        "CREATE TYPE e AS ENUM ('b', 'c')",
        "ALTER TYPE e ADD VALUE 'a' BEFORE 'c'; ALTER TYPE e RENAME VALUE 'c' TO 'd'",
        "DROP TYPE e; CREATE TYPE e AS ENUM ('b', 'c')",
        &["changed type public.e", "- value 'c'", "+ value 'a'", "+ value 'd'"],
    );
}

#[test]
fn domains() {
    let empty = Base::new("");
    empty.check(
        "CREATE DOMAIN d AS varchar(5) COLLATE \"C\" DEFAULT 'x' NOT NULL CHECK (value <> '')",
        "DROP DOMAIN d",
        &[
            "added domain public.d",
            "+ character varying(5) COLLATE \"C\" DEFAULT 'x'::character varying NOT NULL",
            "+ constraint d_check CHECK (((VALUE)::text <> ''::text))",
            "+ owner postgres",
        ],
    );
    check(
        "CREATE DOMAIN d AS int",
        "ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0) NOT VALID",
        "ALTER DOMAIN d DROP CONSTRAINT c",
        &["changed domain public.d", "+ constraint c CHECK ((VALUE > 0)) NOT VALID"],
    );
}

#[test]
fn composites() {
    let empty = Base::new("");
    empty.check(
        "CREATE TYPE t AS (x int, y text COLLATE \"C\")",
        "DROP TYPE t",
        &[
            "added type public.t",
            "+ composite",
            "+ column x integer",
            "+ column y text COLLATE \"C\"",
            "+ owner postgres",
        ],
    );
    check(
        "CREATE TYPE t AS (x int)",
        "ALTER TYPE t ADD ATTRIBUTE y int",
        "ALTER TYPE t DROP ATTRIBUTE y",
        &["changed type public.t", "+ column y integer"],
    );
}

#[test]
fn ranges() {
    let empty = Base::new("");
    // Multiranges came with PostgreSQL 14.
    let multirange = if version() < 14 { "" } else { " multirange public.r_multirange" };
    empty.check(
        "CREATE TYPE r AS RANGE (SUBTYPE = text, COLLATION = \"C\", SUBTYPE_OPCLASS = text_pattern_ops)",
        "DROP TYPE r",
        &[
            "added type public.r",
            &format!("+ range of text COLLATE \"C\" operator class pg_catalog.text_pattern_ops{multirange}"),
            "+ owner postgres",
        ],
    );
    empty.check(
        "CREATE TYPE r AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi)",
        "DROP TYPE r",
        &[
            "added type public.r",
            &format!("+ range of double precision difference float8mi{multirange}"),
            "+ owner postgres",
        ],
    );
}

#[test]
fn base_types() {
    let empty = Base::new("");
    empty.check("CREATE TYPE b", "DROP TYPE b", &["added type public.b", "+ not defined", "+ owner postgres"]);
    let shell = "CREATE TYPE b; CREATE FUNCTION b_in(cstring) RETURNS b LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
        CREATE FUNCTION b_out(b) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out'";
    check(
        shell,
        "CREATE TYPE b (INPUT = b_in, OUTPUT = b_out, INTERNALLENGTH = 4, PASSEDBYVALUE)",
        &format!("DROP TYPE b CASCADE; {shell}"),
        &[
            "changed type public.b",
            "- not defined",
            "+ base",
            "+ typalign i",
            "+ typbyval true",
            "+ typcategory U",
            "+ typdelim ,",
            "+ typinput public.b_in",
            "+ typlen 4",
            "+ typoutput public.b_out",
            "+ typstorage p",
        ],
    );
}

#[test]
fn collations() {
    let empty = Base::new("");
    empty.check(
        "CREATE COLLATION c (LOCALE = 'C')",
        "DROP COLLATION c",
        &[
            "added collation public.c",
            "+ collcollate C",
            "+ collctype C",
            "+ collisdeterministic true",
            "+ collprovider c",
            "+ owner postgres",
        ],
    );
}

#[test]
fn encodings() {
    let empty = Base::new("");
    empty.check(
        "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        "DROP CONVERSION c",
        &["added conversion public.c", "+ from LATIN1 to UTF8 by iso8859_1_to_utf8", "+ owner postgres"],
    );
}

#[test]
fn text_search() {
    let empty = Base::new("");
    empty.check(
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, ACCEPT = false)",
        "DROP TEXT SEARCH DICTIONARY d",
        &[
            "added text search dictionary public.d",
            "+ template pg_catalog.simple options accept = 'false'",
            "+ owner postgres",
        ],
    );
    empty.check(
        "CREATE TEXT SEARCH CONFIGURATION c (PARSER = \"default\")",
        "DROP TEXT SEARCH CONFIGURATION c",
        &["added text search configuration public.c", "+ parser pg_catalog.\"default\"", "+ owner postgres"],
    );
    check(
        "CREATE TEXT SEARCH CONFIGURATION c (PARSER = \"default\");
         ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR int WITH simple",
        "ALTER TEXT SEARCH CONFIGURATION c ALTER MAPPING FOR int WITH english_stem, simple",
        "ALTER TEXT SEARCH CONFIGURATION c ALTER MAPPING FOR int WITH simple",
        &["changed text search configuration public.c", "- \"int\" with simple", "+ \"int\" with english_stem, simple"],
    );
    empty.check(
        "CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize)",
        "DROP TEXT SEARCH TEMPLATE t",
        &["added text search template public.t", "+ tmpllexize dsimple_lexize"],
    );
    empty.check(
        "CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken,
         END = prsd_end, LEXTYPES = prsd_lextype)",
        "DROP TEXT SEARCH PARSER p",
        &[
            "added text search parser public.p",
            "+ prsend prsd_end",
            "+ prslextype prsd_lextype",
            "+ prsstart prsd_start",
            "+ prstoken prsd_nexttoken",
        ],
    );
}
