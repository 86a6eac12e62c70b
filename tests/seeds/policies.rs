//! When a seed runs, and what becomes of rows that exist.

use super::*;

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, email text UNIQUE, name text, j json, changed int DEFAULT 0);
    CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed = OLD.changed + 1; RETURN NEW; END';
    CREATE TRIGGER changed BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION changed()";
const ROWS: &str = "SELECT id, email, coalesce(name, '-'), changed FROM t ORDER BY id";

every_driver! {
    fn once(driver) {
        let (database, mut connection) = with(driver, TABLE);
        let set = |name: &str| seeder(&[("t.csv", &format!("id,name\n1,{name}\n")), ("t.csv.toml", "run = \"once\"")]);
        assert_eq!(loaded(&mut connection, &set("a")), ["t.csv 1"]);
        assert_eq!(loaded(&mut connection, &set("b")), [""; 0]);
        assert_eq!(database.value("SELECT name FROM t"), "a");
    }

    fn always(driver) {
        let (database, mut connection) = with(driver, TABLE);
        let set = seeder(&[("s.sql", "-- atlas:seed always\nINSERT INTO t (id) SELECT count(*) FROM t;")]);
        for _ in 0..3 {
            assert_eq!(loaded(&mut connection, &set), ["s.sql 0"]);
        }
        assert_eq!(database.value("SELECT count(*) FROM t"), "3");
    }

    fn on_change(driver) {
        let (database, mut connection) = with(driver, TABLE);
        let set = |rows: &str, policy: &str| seeder(&[("t.csv", &format!("id,email,name,j\n{rows}")), ("t.csv.toml", policy)]);
        let update = "existing = \"update\"\nkey = [\"email\"]";
        assert_eq!(loaded(&mut connection, &set("1,a@b,Anna,{}\n2,c@d,Ben,\n", update)), ["t.csv 2"]);
        assert_eq!(loaded(&mut connection, &set("1,a@b,Anna,{}\n2,c@d,Ben,\n", update)), [""; 0]);
        // Only what differs is written.
        assert_eq!(loaded(&mut connection, &set("1,a@b,Anna,{}\n2,c@d,Bernd,\n3,e@f,,\n", update)), ["t.csv 3"]);
        assert_eq!(database.query(ROWS), ["1|a@b|Anna|0", "2|c@d|Bernd|1", "3|e@f|-|0"]);
        // A policy is a part of the seed.
        let skip = "existing = \"skip\"";
        assert_eq!(loaded(&mut connection, &set("1,a@b,Anna,{}\n2,c@d,Bernd,\n3,e@f,,\n", skip)), ["t.csv 3"]);
        assert_eq!(loaded(&mut connection, &set("1,x@y,Xaver,\n4,g@h,Dora,\n", skip)), ["t.csv 2"]);
        assert_eq!(database.query(ROWS), ["1|a@b|Anna|0", "2|c@d|Bernd|1", "3|e@f|-|0", "4|g@h|Dora|0"]);
        let error = connection.seed(&set("5,z@z,,\n1,x@y,Xaver,\n", "")).unwrap_err();
        assert_eq!(error.position(), Some(("seeds/t.csv", 3, 1)), "{error}");
        assert_eq!(error.sqlstate(), Some("23505"));
        assert_eq!(database.value("SELECT count(*) FROM t"), "4");
    }

    /// What has a name in the file alone is left as it is.
    fn columns_that_the_file_does_not_have(driver) {
        let (database, mut connection) = with(driver, TABLE);
        database.query("INSERT INTO t VALUES (1, 'a@b', 'Anna')");
        let set = seeder(&[("t.json", r#"[{"id": 1, "email": "new@b"}]"#), ("t.json.toml", "existing = \"update\"\nkey = [\"id\"]")]);
        connection.mark(&set).unwrap();
        loaded(&mut connection, &set);
        assert_eq!(database.query(ROWS), ["1|new@b|Anna|1"]);
    }

    fn sequences_go_on(driver) {
        let (database, mut connection) = with(driver, "CREATE TABLE a (id serial, n int); CREATE TABLE b (id bigint GENERATED ALWAYS AS IDENTITY, n int);
            INSERT INTO b (n) SELECT 0 FROM generate_series(1, 50); DELETE FROM b");
        let set = seeder(&[("a.csv", "id,n\n7,1\n3,1\n"), ("b.csv", "id,n\n20,1\n"), ("b.csv.toml", "existing = \"skip\"")]);
        loaded(&mut connection, &set);
        assert_eq!(database.value("INSERT INTO a (n) VALUES (2) RETURNING id"), "8");
        assert_eq!(database.value("INSERT INTO b (n) VALUES (2) RETURNING id"), "51");
    }
}
