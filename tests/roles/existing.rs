//! Databases that were there before.

use super::*;

const THERE: &str = "CREATE EXTENSION pg_trgm; CREATE TABLE users (id serial PRIMARY KEY, m text); CREATE VIEW v AS SELECT * FROM users;
    CREATE MATERIALIZED VIEW m AS SELECT * FROM users; CREATE SEQUENCE s; CREATE TYPE mood AS ENUM ('ok'); CREATE TYPE pair AS (a int);
    CREATE DOMAIN positive AS int; CREATE TYPE span AS RANGE (subtype = int); CREATE FUNCTION f(\"a b\" int, pair) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE p() LANGUAGE sql AS ''; CREATE FUNCTION next(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
    CREATE AGGREGATE number(*) (sfunc = next, stype = int); CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY LIST (id);
    CREATE TABLE part PARTITION OF parted DEFAULT; GRANT ALL ON users TO PUBLIC;
    CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE far (id int) SERVER elsewhere";

#[test]
fn of_a_superuser() {
    let site = Site::new();
    site.query(THERE);
    let mut superuser = site.superuser(Driver::Postgres);
    superuser.apply_roles(&site.roles()).unwrap();
    let plan = superuser.plan_roles(&site.roles()).unwrap();
    assert!(plan.is_empty() && plan.left().is_empty(), "{plan}");
    let proof = superuser.prove_roles(&site.roles()).unwrap();
    assert!(proof.passed(), "{proof}");
    let owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(site.query(owners), [site.role("owner")]);
    assert_eq!(site.connect(Driver::Postgres, "reader").sql("SELECT similarity('a', 'a')"), "1");
    assert_eq!(site.database.errors(), [""; 0]);
}
