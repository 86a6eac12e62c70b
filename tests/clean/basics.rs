//! What any user does.

use super::*;

const TABLES: &str = "CREATE TABLE users (id serial PRIMARY KEY, name text);
    CREATE TABLE posts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, author int NOT NULL REFERENCES users, title text);
    CREATE TABLE drafts (id int);
    INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, 3) n;
    INSERT INTO posts (author, title) SELECT 1 + n % 3, 'post ' || n FROM generate_series(1, 5) n";

every_driver! {
    fn everything(driver) {
        let (database, mut connection) = with(driver, TABLES);
        assert_eq!(emptied(&mut connection, &Cleaner::new()), ["1. public.posts: 5 rows, DELETE", "2. public.users: 3 rows, DELETE"]);
        assert_eq!(filled(&database), [""; 0]);
        assert_eq!(database.value("SELECT environment FROM schema_environment"), "dev");
        let report = connection.clean(&Cleaner::new()).unwrap();
        assert!(report.tables().is_empty(), "{report}");
        assert_eq!(report.to_string(), "nothing to empty");
        assert_eq!(database.value("INSERT INTO users (name) VALUES ('a') RETURNING id"), "4");
        assert_eq!(database.errors(), [""; 0]);
        assert_eq!(connection.sql("SELECT 1"), "1");
    }

    fn plan(driver) {
        let (database, mut connection) = with(driver, TABLES);
        let before = filled(&database);
        let plan = connection.plan_clean(&Cleaner::new().restart_identity()).unwrap();
        assert_eq!(plan.environment(), Some("dev"));
        assert_eq!(plan.to_string().split_once(", ").unwrap().1,
            "environment dev\n1. public.posts: 5 rows, DELETE\n2. public.users: 3 rows, DELETE\nsequences that begin again: 2");
        assert_eq!(filled(&database), before);
        // On a session that may not write, too.
        connection.sql("SET default_transaction_read_only = on");
        assert_eq!(connection.plan_clean(&Cleaner::new()).unwrap().tables().len(), 2);
        assert_eq!(database.errors(), [""; 0]);
    }

    fn sequences(driver) {
        let (database, mut connection) = with(driver, TABLES);
        database.query("ALTER SEQUENCE users_id_seq START 100");
        let report = connection.clean(&Cleaner::new().restart_identity()).unwrap();
        assert_eq!(report.sequences(), 2);
        assert_eq!(database.value("INSERT INTO users (name) VALUES ('a') RETURNING id"), "100");
        assert_eq!(database.value("INSERT INTO posts (author) VALUES (100) RETURNING id"), "1");
    }

    fn what_fails_leaves_all_as_it_was(driver) {
        let (database, mut connection) = with(driver, TABLES);
        database.query("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not this one'; END$$;
            CREATE TRIGGER no BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION no()");
        let before = filled(&database);
        let error = connection.clean(&Cleaner::new().restart_identity()).unwrap_err();
        assert_eq!(error.sqlstate(), Some("P0001"), "{error}");
        assert_eq!(filled(&database), before);
        assert_eq!(connection.sql("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'ExclusiveLock' AND locktype = 'relation'"), "0");
    }
}

/// Whether a sequence begins again, which numbers this table and perhaps another by their defaults.
#[test]
fn c2_sequences_of_defaults() {
    let tables = "CREATE SEQUENCE own; CREATE SEQUENCE shared; CREATE TABLE a (id int DEFAULT nextval('own'), m int DEFAULT nextval('shared'));
        CREATE TABLE b (id bigint DEFAULT nextval('shared')); INSERT INTO a DEFAULT VALUES; INSERT INTO b DEFAULT VALUES";
    let (database, mut connection) = with(Driver::Postgres, tables);
    assert_eq!(connection.clean(&Cleaner::new().tables(["a"]).restart_identity()).unwrap().sequences(), 1);
    assert_eq!(database.query("INSERT INTO a DEFAULT VALUES RETURNING id, m"), ["1|3"]);
    assert_eq!(connection.clean(&Cleaner::new().restart_identity()).unwrap().sequences(), 2);
    assert_eq!(database.query("INSERT INTO a DEFAULT VALUES RETURNING id, m"), ["1|1"]);
    let report = connection.clean(&Cleaner::new()).unwrap();
    assert_eq!(report.database(), database.value("SELECT current_database()"));
    assert!(report.host().contains(':'), "{}", report.host());
}
