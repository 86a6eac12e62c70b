//! What one migration does to its session reaches neither the next one, nor the history, nor the connection's next user.

use atlas_migrate::ErrorKind;
use atlas_migrate_tests::{Database, Driver, every_driver, migrator};

const SETTINGS: &str = "SELECT concat_ws(' ', current_setting('search_path'), current_setting('statement_timeout'),
    current_setting('lock_timeout'), current_setting('role'), current_setting('DateStyle'),
    current_setting('standard_conforming_strings'), session_user, current_setting('work_mem'))";

every_driver! {
    fn search_path_changed_by_a_migration(driver) {
        let database = Database::new();
        let set = migrator(&[
            ("1_away.sql", "CREATE SCHEMA away; SET search_path = away; CREATE TABLE t (id int);"),
            ("2_back.sql", "CREATE TABLE back (id int);"),
        ]);
        driver.connect(&database.url()).run(&set).unwrap();
        assert_eq!(database.value("SELECT count(*) FROM away.t, public.back"), "0");
        assert_eq!(database.history().len(), 2);
    }

    fn search_path_emptied_by_a_dump(driver) {
        let database = Database::new();
        let set = migrator(&[
            ("1_dump.sql", "SELECT set_config('standard_conforming_strings', 'off', false);
                SELECT pg_catalog.set_config('search_path', '', false);
                SET check_function_bodies = false; SET client_min_messages = warning; SET row_security = off;
                CREATE TABLE public.dumped (path text);"),
            ("2_after.sql", "INSERT INTO dumped VALUES ('C:\\temp');"),
        ]);
        driver.connect(&database.url()).run(&set).unwrap();
        assert_eq!(database.value("SELECT path FROM dumped"), "C:\\temp");
    }

    fn search_path_changed_by_a_function(driver) {
        let database = Database::new();
        let set = migrator(&[
            ("1_function.sql", "CREATE SCHEMA away; CREATE TABLE t (id int);
                CREATE FUNCTION go_away() RETURNS int LANGUAGE plpgsql AS 'BEGIN SET search_path = away; RETURN 1; END';"),
            ("2_call.sql", "INSERT INTO t VALUES (go_away());"),
            ("3_here.sql", "CREATE TABLE here (id int);"),
            ("4_copy.sql", "CREATE TABLE copy AS SELECT go_away();"),
            ("5_here_too.sql", "CREATE TABLE here_too (id int);"),
        ]);
        driver.connect(&database.url()).run(&set).unwrap();
        assert_eq!(database.value("SELECT count(*) FROM public.here, public.here_too"), "0");
    }

    fn settings_are_what_they_were(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        // A pool closes the connection, so there what counts is what the next one has.
        let own = !matches!(driver, Driver::SqlxPool | Driver::Deadpool);
        if own {
            connection.sql("SET work_mem = '7MB'; SET DateStyle = 'German'; SET lock_timeout = '9s'");
        }
        let before = connection.sql(SETTINGS);
        let set = migrator(&[
            ("1_mess.sql", "CREATE ROLE nobody_in_particular_NUMBER; SET SESSION AUTHORIZATION nobody_in_particular_NUMBER;
                SET search_path = pg_temp; SET statement_timeout = '1h'; SET lock_timeout = '1h'; RESET DateStyle;
                SELECT set_config('standard_conforming_strings', 'off', false); RESET work_mem; SET ROLE nobody_in_particular_NUMBER;"
                .replace("NUMBER", &format!("{}_{driver:?}", std::process::id())).as_str()),
            ("2_mess.sql", "SELECT 1;"),
        ]);
        connection.run(&set).unwrap();
        assert_eq!(connection.sql(SETTINGS), before);
        database.query(&format!("DROP ROLE nobody_in_particular_{}_{driver:?}", std::process::id()));
    }

    /// The server does not list these.
    fn settings_of_ones_own(driver) {
        const FOUND: &str = "SELECT concat_ws(' ', current_setting('app.tenant', true), current_setting('app.level', true),
            coalesce(nullif(current_setting('app.x', true), ''), '-'), current_setting('pg_trgm.word_similarity_threshold', true))";
        let database = Database::new();
        let name = database.value("SELECT current_database()");
        database.query(&format!("ALTER DATABASE {name} SET app.level = 'of the database'"));
        let mut connection = driver.connect(&database.url());
        let own = !matches!(driver, Driver::SqlxPool | Driver::Deadpool);
        if own {
            connection.sql("SET app.tenant = 'mine'");
        }
        let before = connection.sql(FOUND);
        let found = format!("TABLE found AS {FOUND} AS found");
        let set = migrator(&[
            ("1_mess.sql", "SET app.tenant = '7'; SET LOCAL app.level = 'high'; SELECT set_config('app.x', 'y', false);"),
            ("2_function.sql", &format!("CREATE {found}; CREATE FUNCTION leave() RETURNS void LANGUAGE plpgsql AS
                'BEGIN PERFORM set_config(''app.level'', ''low'', false); SET app.x = 1; END';")),
            ("3_calls.sql", "SELECT leave();"),
            // What is of one's own until the extension is loaded that it belongs to.
            ("4_extension.sql", "SET pg_trgm.word_similarity_threshold = 0.7; CREATE EXTENSION pg_trgm; SELECT show_trgm('a');"),
            ("5_looks.sql", &format!("INSERT INTO found {FOUND};")),
        ]);
        connection.run(&set).unwrap();
        let of_the_pool = "of the database - 0.6";
        let expected = if own { format!("mine {of_the_pool}") } else { format!(" {of_the_pool}") };
        assert_eq!(database.value("SELECT found FROM found OFFSET 1"), expected);
        assert_eq!(database.value("SELECT found FROM found LIMIT 1"), expected.replace(" 0.6", ""));
        assert_eq!(connection.sql(FOUND).trim_end_matches(" 0.6"), before);
    }

    fn after_a_failure_too(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let before = connection.sql(SETTINGS);
        let set = migrator(&[("1_mess.sql", "SET search_path = pg_temp; SET work_mem = '9MB'; SELECT 1 / 0;")]);
        connection.run(&set).unwrap_err();
        assert_eq!(connection.sql(SETTINGS), before);
        assert_eq!(connection.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"), "0");
    }

    /// A server may default to another isolation level, and to a timeout that fits web requests.
    fn defaults_of_the_role_do_not_reach_migrations(driver) {
        let database = Database::new();
        let name = database.value("SELECT current_database()");
        database.query(&format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'"));
        database.query(&format!("ALTER DATABASE {name} SET statement_timeout = '150ms'"));
        let set = migrator(&[("1_slow.sql", "CREATE TABLE level AS SELECT current_setting('transaction_isolation') AS l FROM pg_sleep(0.3);")]);
        driver.connect(&database.url()).run(&set).unwrap();
        assert_eq!(database.value("SELECT l FROM level"), "read committed");
    }

    fn in_the_middle_of_a_transaction(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.sql("BEGIN; CREATE TABLE mine (id int)");
        let error = connection.run(&migrator(&[("1_a.sql", "CREATE TABLE a (id int);")])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        connection.sql("COMMIT");
        assert_eq!(database.value("SELECT count(*) FROM mine"), "0");
    }
}
