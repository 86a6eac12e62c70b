//! Hints about data lead out: of seeds, and of emptying databases.

use atlas_migrate::clean::{Cleaner, Resetter};
use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate, Seeder, Seeds};

use super::*;

const TABLES: &str = "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, age int, tags int[], extra jsonb,
        created date DEFAULT '2020-01-01', upper text GENERATED ALWAYS AS (upper(name)) STORED);
    CREATE TABLE posts (id bigint PRIMARY KEY, author int REFERENCES users);
    CREATE TABLE keyed (email text UNIQUE, n int); CREATE TABLE plain (email text, n int);
    CREATE TABLE labels (id bigint); CREATE VIEW names AS SELECT name FROM users";

type Files<'a> = &'a [(&'a str, &'a str)];

fn seeder(files: Files<'_>) -> Seeder {
    Seeder::new(Seeds::from_files("", files.iter().copied()).unwrap(), "dev")
}

/// A database that these were loaded into is one of development.
fn marked() -> Seeder {
    seeder(&[("000_mark.sql", "SELECT 1")])
}

/// Seeds of these files fail with this hint, and those of the others are loaded; `before` is done to the database after that
/// was marked.
#[track_caller]
fn seeds(before: &str, faulty: Files<'_>, hint: &str, right: Files<'_>) {
    let mut case = Case::new();
    case.connection.seed(&marked()).unwrap();
    case.database.query(TABLES);
    case.database.query(before);
    let error = case.connection.seed(&seeder(faulty)).unwrap_err();
    leads_out(&error, hint, &mut || case.connection.seed(&seeder(right)).map(drop));
}

#[test]
fn columns_and_keys() {
    #[track_caller]
    fn users(faulty: &str, hint: &str, right: &str) {
        seeds("", &[("users.csv", faulty)], hint, &[("users.csv", right)]);
    }
    let right = "id,name\n1,Ann\n";
    seeds("", &[("user.csv", right)], "the file is named after its table", &[("users.csv", right)]);
    seeds(
        "",
        &[("names.csv", "name\nAnn\n")],
        "name the file after the table that the rows belong to",
        &[("users.csv", right)],
    );
    users("id;name\n1;Ann\n", "put commas between the columns, and between the cells of each row", right);
    users("id,nam\n1,Ann\n", "did you mean `name`?", right);
    users("id,name,whereabouts\n1,Ann,x\n", "its columns are ", right);
    users("id,name,upper\n1,Ann,ANN\n", "leave the column out", right);
    users("id\n1\n", "add the column", right);
    users("id,name\n1,\n", "write a value; in CSV, \"\" is an empty text", "id,name\n1,\"\"\n");
    users("id,name\n$id:ann,Ann\n", "labels stand for keys of the types uuid and bigint", right);
    let label = "id\n$id:ann\n";
    seeds("", &[("users.csv", label)], "add the column", &[("labels.csv", label)]);
    let some = |first: &str, second: &str| {
        format!("[{{\"id\": 1, \"name\": \"a\"{first}}}, {{\"id\": 2, \"name\": \"b\"{second}}}]")
    };
    let (date, hint) = (", \"created\": \"2024-01-01\"", "leave it out everywhere, for the default, or nowhere");
    for right in [some("", ""), some(date, date)] {
        seeds("", &[("users.json", &some(date, ""))], hint, &[("users.json", &right)]);
    }
    let value = |column: &str, value: &str| format!("[{{\"id\": 1, \"name\": \"a\", \"{column}\": {value}}}]");
    let hint = "an array is for an array type or jsonb, an object for jsonb";
    for (column, json) in [("tags", "[1]"), ("extra", "[1]"), ("extra", "{\"a\": 1}")] {
        seeds("", &[("users.json", &value("age", json))], hint, &[("users.json", &value(column, json))]);
    }

    let policy = |key: &str| format!("existing = \"update\"\nkey = [\"{key}\"]");
    let (by_email, by_n) = (policy("email"), policy("n"));
    let rows = "email,n\na,1\n";
    let keyed = |policy| [("keyed.csv", rows), ("keyed.csv.toml", policy)];
    seeds("", &keyed(&by_n), "unique are (email)", &keyed(&by_email));
    let plain = [("plain.csv", rows), ("plain.csv.toml", by_email.as_str())];
    let mut case = Case::new();
    case.connection.seed(&marked()).unwrap();
    case.database.query(TABLES);
    let error = case.connection.seed(&seeder(&plain)).unwrap_err();
    leads_out(&error, "add a unique index to the table", &mut || {
        case.database.query("CREATE UNIQUE INDEX ON plain (email)");
        case.connection.seed(&seeder(&plain)).map(drop)
    });
    let keyed = |rows| [("keyed.csv", rows), ("keyed.csv.toml", by_email.as_str())];
    seeds("", &keyed("email,n\n,1\n"), "write a value: no null equals another", &keyed(rows));
    seeds("", &keyed("email,n\na,1\na,2\n"), "two rows of the file have the same key: remove one", &keyed(rows));
}

#[test]
fn what_the_server_does_not_take() {
    let (ann, ben) =
        ("INSERT INTO users (id, name) VALUES (1, 'Ann')", "INSERT INTO users (id, name) VALUES (2, 'Ben')");
    let rows = [("users.csv", "id,name\n1,Ann\n")];
    let skip = ("users.csv.toml", "existing = \"skip\"");
    let hint = "the row is there already: let the policy be `existing = \"skip\"` or `\"update\"`, or change its key";
    seeds(ann, &rows, hint, &[rows[0], skip]);
    seeds(ann, &rows, hint, &[rows[0], (skip.0, "existing = \"update\"\nkey = [\"id\"]")]);
    seeds(ann, &rows, hint, &[("users.csv", "id,name\n2,Ann\n")]);
    let hint = "the row is there already: write `ON CONFLICT DO NOTHING`, or change its key";
    seeds(ann, &[("s.sql", ann)], hint, &[("s.sql", &format!("{ann} ON CONFLICT DO NOTHING"))]);
    seeds(ann, &[("s.sql", ann)], hint, &[("s.sql", ben)]);
    let posts = |author: i32| format!("id,author\n1,{author}\n");
    let (to_none, to_ann) = (posts(7), posts(1));
    let hint = "no row has what it refers to: load that before, or fix the key";
    seeds(ann, &[("posts.csv", &to_none)], hint, &[("posts.csv", &to_ann)]);
    seeds("", &[("posts.csv", &to_ann)], hint, &[rows[0], ("posts.csv", &to_ann)]);
    let checked = "ALTER TABLE users ADD CHECK (age > 0)";
    seeds(checked, &[("users.csv", "id,name,age\n1,a,-1\n")], "fix the row", &[("users.csv", "id,name,age\n1,a,1\n")]);
    seeds("", &[("users.csv", "id,name,age\n1,a,old\n")], "fix the value", &[("users.csv", "id,name,age\n1,a,1\n")]);
    seeds("", &[("s.sql", "SELECT nothing")], "fix the file and run again", &[("s.sql", "SELECT 1")]);
    let locks = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53200', MESSAGE = 'out of shared memory'; END $$";
    let hint = "raise max_locks_per_transaction on the server, and restart it; then run again";
    seeds("", &[("s.sql", locks)], hint, &[("s.sql", "SELECT 1")]);
    let slow = locks.replace("53200", "57014");
    let hint = "run again: the statement was cancelled, or ran into a timeout of the session";
    seeds("", &[("s.sql", &slow)], hint, &[("s.sql", "SELECT 1")]);
    let hint = "remove the COMMIT or ROLLBACK: a seed is committed together with its row in the table of seeds";
    seeds("", &[("s.sql", "DO 'BEGIN PERFORM 1; COMMIT; END'")], hint, &[("s.sql", "DO 'BEGIN PERFORM 1; END'")]);
    let parts = "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE one PARTITION OF p FOR VALUES IN (1)";
    let hint = "move it to a migration that has `-- atlas:no-transaction` at its top: a seed runs in a transaction";
    seeds(parts, &[("s.sql", "REINDEX TABLE p")], hint, &[("s.sql", "SELECT 1")]);
    // A dump of a server whose minor release writes what no server takes.
    let dumped = "ALTER TABLE users ALTER id SET (n_distinct=5, pg_attver=2)";
    let hint = "remove `pg_attver` from the file";
    seeds("", &[("s.sql", dumped)], hint, &[("s.sql", &dumped.replace(", pg_attver=2", ""))]);
}

#[test]
fn who_loads_and_when() {
    let mut case = Case::new().sql(TABLES);
    let set = seeder(&[("users.csv", "id,name\n1,Ann\n")]);
    case.database.query("INSERT INTO users (id, name) VALUES (2, 'Ben')");
    let error = case.connection.seed(&set).unwrap_err();
    leads_out(&error, "if it is one for dev, say so with `seeder(\"dev\").mark(..)`, and run again", &mut || {
        case.connection.mark(&set)?;
        case.connection.seed(&set).map(drop)
    });
    let staging = Seeder::new(set.seeds().clone(), "staging");
    let error = case.connection.seed(&staging).unwrap_err();
    leads_out(
        &error,
        "connect to another database; or, if this one has become another environment's, say so with `seeder(\"staging\").mark(..)`",
        &mut || {
            case.connection.mark(&staging)?;
            case.connection.seed(&staging).map(drop)
        },
    );
    let error = case.connection.seed(&Seeder::new(Seeds::empty(), "my laptop")).unwrap_err();
    leads_out(&error, "use letters, digits, `_` and `-`", &mut || {
        Case::new().connection.seed(&Seeder::new(Seeds::empty(), "my-laptop")).map(drop)
    });

    // Somebody may not write, and another has locked the table.
    let mut case = Case::new().sql(TABLES);
    let role = format!("seeds_{}", std::process::id());
    case.connection.seed(&marked()).unwrap();
    case.database.query(&format!(
        "CREATE ROLE {role} LOGIN; GRANT ALL ON schema_seeds, schema_environment TO {role}; GRANT SELECT ON users TO {role}"
    ));
    // A client whose `COPY` was refused is closed.
    let login = || Driver::Postgres.connect(&case.database.url_as(&role));
    let error = login().seed(&set).unwrap_err();
    leads_out(&error, "run as a role that may write to the table and to its sequences", &mut || {
        case.database.query(&format!("GRANT ALL ON users TO {role}"));
        login().seed(&set).map(drop)
    });
    case.database.query("DELETE FROM users; DELETE FROM schema_seeds");
    case.connection.sql("BEGIN; LOCK TABLE users IN SHARE MODE");
    let hasty = set.clone().lock_timeout(Duration::from_millis(20));
    let error = login().seed(&hasty).unwrap_err();
    leads_out(&error, "end the session that is in the way, or be patient with `lock_timeout(..)`", &mut || {
        case.connection.sql("ROLLBACK");
        login().seed(&hasty).map(drop)
    });
    case.database.query(&format!("REVOKE ALL ON schema_seeds FROM {role}"));
    let error = login().seed(&set).unwrap_err();
    leads_out(&error, "GRANT SELECT ON \"public\".\"schema_seeds\" TO", &mut || {
        case.database.query(&format!("GRANT SELECT ON public.schema_seeds TO {role}"));
        login().seed(&set).map(drop)
    });
    case.database.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// Rows of two cells, of which the second may be missing or null.
struct Generated(Option<Option<u64>>, &'static [&'static str]);

impl Generate for Generated {
    fn table(&self) -> &str {
        "keyed"
    }

    fn columns(&self) -> &[&str] {
        &["n", "email"]
    }

    fn rows(&self) -> u64 {
        1
    }

    fn key(&self) -> &[&str] {
        self.1
    }

    fn row(&self, number: u64, _: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        cells.push(number);
        if let Some(cell) = self.0 {
            cells.push(cell);
        }
    }
}

#[test]
fn generated_rows() {
    let set = |seeds: Vec<Generated>| {
        seeds.into_iter().fold(Seeder::new(Seeds::empty(), "dev"), |seeder, seed| seeder.generate("dev", seed))
    };
    #[track_caller]
    fn check(faulty: &Seeder, hint: &str, right: &Seeder) {
        let mut case = Case::new().sql(TABLES);
        let error = case.connection.seed(faulty).unwrap_err();
        leads_out(&error, hint, &mut || case.connection.seed(right).map(drop));
    }
    let right = || Generated(Some(Some(7)), &[]);
    let two = set(vec![right(), right()]);
    check(&two, "let one generator make all the rows of a table", &set(vec![right()]));
    let hint = "push a cell for each column, None for null";
    check(&set(vec![Generated(None, &[])]), hint, &set(vec![Generated(Some(None), &[])]));
    let keyed = |key| set(vec![Generated(Some(Some(7)), key)]);
    check(&keyed(&["name"]), "a key consists of columns that the file has", &keyed(&["email"]));
}

/// A database of development with these tables and rows; the cleaner is refused with this hint, and the other is not.
#[track_caller]
fn clean(tables: &str, refused: &Cleaner, hint: &str, follow: &str, right: &Cleaner) {
    let mut case = Case::new();
    case.connection.seed(&marked()).unwrap();
    case.database.query(tables);
    let error = case.connection.clean(refused).unwrap_err();
    leads_out(&error, hint, &mut || {
        case.database.query(follow);
        case.connection.clean(right).map(drop)
    });
}

#[test]
fn what_is_emptied() {
    let any = Cleaner::new;
    let users =
        "CREATE TABLE users (id int); CREATE SCHEMA app; CREATE TABLE app.users (id int); INSERT INTO users VALUES (1)";
    let nothing = "SELECT 1";
    clean(users, &any().schemas(["App"]), "there are: app, public", nothing, &any().schemas(["app"]));
    clean(users, &any().schemas(["app"]).keep(["Users"]), "there is app.users", nothing, &any().keep(["app.users"]));
    let hint = "name it as it is, with its schema before a dot or without; a partition is a part of its table";
    clean(users, &any().keep(["user"]), hint, nothing, &any().keep(["public.users"]));
    let hint = "name the one that is meant with its schema before a dot";
    clean(users, &any().tables(["users"]), hint, nothing, &any().tables(["app.users"]));
    let marked = any().tables(["public.users", "schema_environment"]);
    clean(users, &marked, "leave it out of `tables(..)`", nothing, &any().tables(["public.users"]));
    let posts = "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (author int REFERENCES users);
        INSERT INTO users VALUES (1); INSERT INTO posts VALUES (1)";
    let hint = "empty these as well, or keep the ones that they refer to";
    clean(posts, &any().keep(["posts"]), hint, nothing, &any());
    clean(posts, &any().keep(["posts"]), hint, nothing, &any().keep(["posts", "users"]));
    let far = "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
        CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE FOREIGN TABLE far PARTITION OF t DEFAULT SERVER elsewhere";
    clean(far, &any(), "name the table with `keep(..)`", nothing, &any().keep(["t"]));
    let refilled = "CREATE TABLE t AS SELECT 1 AS id; CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER never BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION never()";
    let hint = "look for triggers that put rows back when others are deleted, or do not let them go; `keep(..)` leaves a table alone";
    clean(refilled, &any(), hint, "DROP TRIGGER never ON t", &any());
    clean(refilled, &any(), hint, nothing, &any().keep(["t"]));

    let production = "UPDATE schema_environment SET environment = 'production'";
    let confirmed = any().confirm("production");
    clean(
        production,
        &any(),
        "if its data is to be removed, say so with `confirm(\"production\")`",
        nothing,
        &confirmed,
    );
    let hint = "if it is meant, say so with `confirm(\"production\")`; else connect to another";
    clean(production, &any().confirm("staging"), hint, nothing, &confirmed);
    let hint = "connect to the database that is meant; this one would need no confirmation";
    clean("SELECT 1", &confirmed, hint, nothing, &any());
    let two = "ALTER TABLE schema_environment DROP CONSTRAINT schema_environment_pkey;
        INSERT INTO schema_environment SELECT 'production', marked_at, marked_by, one FROM schema_environment";
    let delete = "DELETE FROM schema_environment WHERE environment = 'production'";
    clean(two, &any(), "delete all of them except one", delete, &any());

    let mut case = Case::new().sql("CREATE TABLE t AS SELECT 1");
    case.connection.mark(&Seeder::new(Seeds::empty(), "dev")).unwrap();
    let mut holder = case.connect();
    holder.sql("BEGIN; INSERT INTO t VALUES (2)");
    let hasty = any().lock_timeout(Duration::from_millis(20));
    let error = case.connection.clean(&hasty).unwrap_err();
    leads_out(&error, "end the session that has locked a table, or be patient with `lock_timeout(..)`", &mut || {
        holder.sql("COMMIT");
        case.connection.clean(&hasty).map(drop)
    });
}

/// Each as a role without rights, in a database of development where `before` has happened.
#[track_caller]
fn clean_as(before: &str, refused: &Cleaner, hint: &str, follow: &str, right: &dyn Fn(Cleaner) -> Cleaner) {
    let mut case = Case::new();
    case.connection.seed(&marked()).unwrap();
    let name = case.database.value("SELECT current_database()");
    let [owner, login] = ["owner", "login"].map(|role| format!("{role}_{name}"));
    let query = |sql: &str| case.database.query(&sql.replace("OWNER", &owner).replace("LOGIN", &login));
    case.database.query(&format!("CREATE ROLE {owner}; CREATE ROLE {login} LOGIN"));
    query(
        "GRANT SELECT ON schema_environment TO OWNER, LOGIN; GRANT ALL ON schema_seeds TO OWNER, LOGIN;
        GRANT ALL ON SCHEMA public TO OWNER; SET ROLE OWNER; CREATE TABLE a (id serial PRIMARY KEY, n int);
        CREATE TABLE b (id int REFERENCES a); INSERT INTO a (n) VALUES (1), (2); INSERT INTO b VALUES (1)",
    );
    query(before);
    let mut connection = Driver::TokioPostgres.connect(&case.database.url_as(&login));
    let error = connection.clean(refused).unwrap_err();
    leads_out(&error, hint, &mut || {
        query(follow);
        connection.clean(&right(Cleaner::new().role(&owner))).map(drop)
    });
    drop(connection);
    query("DROP OWNED BY OWNER, LOGIN; DROP ROLE OWNER, LOGIN");
}

#[test]
fn who_may_empty() {
    let any = Cleaner::new;
    let hint =
        "grant it SELECT and DELETE on them, clean as their owner with `role(..)`, or leave them out with `keep(..)`";
    let granted = "GRANT SELECT, DELETE ON a, b TO LOGIN";
    clean_as("SELECT 1", &any(), hint, granted, &|_| Cleaner::new());
    clean_as("SELECT 1", &any(), hint, "GRANT OWNER TO LOGIN", &|as_owner| as_owner);
    clean_as("SELECT 1", &any(), hint, "SELECT 1", &|_| Cleaner::new().keep(["a", "b"]));
    let only_a = any().tables(["a"]);
    let read = "GRANT SELECT, DELETE ON a TO LOGIN; DELETE FROM b";
    clean_as(read, &only_a, "grant it SELECT on them", "GRANT SELECT ON b TO LOGIN", &|_| Cleaner::new().tables(["a"]));
    let again = any().restart_identity();
    let hint = "grant it UPDATE on them, or clean as their owner with `role(..)`";
    let sequence = "GRANT UPDATE ON SEQUENCE a_id_seq TO LOGIN";
    clean_as(granted, &again, hint, sequence, &|_| Cleaner::new().restart_identity());
    clean_as(granted, &again, hint, "GRANT OWNER TO LOGIN", &|as_owner| as_owner.restart_identity());
    let hidden = "GRANT SELECT, DELETE ON a, b TO LOGIN; ALTER TABLE a ENABLE ROW LEVEL SECURITY";
    let hint = "some rows would have been left: do it as a role that sees them all, with `role(..)`";
    clean_as(hidden, &any(), hint, "GRANT OWNER TO LOGIN", &|as_owner| as_owner);
    let seeded = "GRANT SELECT, DELETE ON a, b TO LOGIN; REVOKE ALL ON schema_seeds FROM LOGIN";
    let hint = "grant it SELECT and DELETE on it, or clean as its owner with `role(..)`";
    clean_as(seeded, &any(), hint, "GRANT SELECT, DELETE ON schema_seeds TO LOGIN", &|_| Cleaner::new());
    let marks = "GRANT SELECT, DELETE ON a, b TO LOGIN; ALTER TABLE schema_environment ENABLE ROW LEVEL SECURITY";
    let hint = "let its owner show it: ALTER TABLE public.schema_environment DISABLE ROW LEVEL SECURITY";
    let shown = "ALTER TABLE public.schema_environment DISABLE ROW LEVEL SECURITY";
    clean_as(marks, &any(), hint, shown, &|_| Cleaner::new());
    let marks = "GRANT SELECT, DELETE ON a, b TO LOGIN; REVOKE ALL ON schema_environment FROM LOGIN";
    let hint = "grant it: GRANT SELECT ON public.schema_environment TO";
    clean_as(marks, &any(), hint, "GRANT SELECT ON public.schema_environment TO LOGIN", &|_| Cleaner::new());
}

#[test]
fn resets() {
    let mut case = Case::new();
    let set = migrator(&[A]);
    let reset = || Resetter::new(set.clone());
    case.connection.run(&set).unwrap();
    let error = case.connection.reset(&reset()).unwrap_err();
    leads_out(&error, "say so with `confirm(", &mut || {
        case.connection.reset(&reset().confirm(case.database.value("SELECT current_database()"))).map(drop)
    });
    case.connection.mark(&Seeder::new(Seeds::empty(), "dev")).unwrap();
    case.database
        .query("CREATE TABLE t (id int PRIMARY KEY); CREATE SCHEMA other; CREATE TABLE other.r (id int REFERENCES t)");
    let hint = "name their schemas as well with `schemas(..)`, or drop them first";
    let nothing = Resetter::new(Migrator::new(Migrations::empty()));
    let error = case.connection.reset(&nothing.clone().schemas(["public"])).unwrap_err();
    leads_out(&error, hint, &mut || {
        case.database.query("DROP TABLE other.r");
        case.connection.reset(&nothing.clone().schemas(["public"])).map(drop)
    });
    case.database.query("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE other.r (id int REFERENCES t)");
    case.connection.mark(&Seeder::new(Seeds::empty(), "dev")).unwrap();
    leads_out(&error, hint, &mut || case.connection.reset(&nothing.clone().schemas(["public", "other"])).map(drop));

    // What another owns is dropped by its owner.
    let mut case = Case::new();
    let name = case.database.value("SELECT current_database()");
    let [owner, login] = ["owner", "login"].map(|role| format!("{role}_{name}"));
    case.connection.mark(&marked()).unwrap();
    case.database.query(&format!(
        "CREATE ROLE {owner}; CREATE ROLE {login} LOGIN; GRANT {owner} TO {login}; ALTER ROLE {login} NOINHERIT;
        GRANT ALL ON SCHEMA public TO {owner}, {login}; GRANT SELECT ON schema_environment TO {owner}, {login};
        ALTER TABLE schema_seeds OWNER TO {owner}; SET ROLE {owner}; CREATE TABLE a ()"
    ));
    let mut connection = Driver::TokioPostgres.connect(&case.database.url_as(&login));
    let error = connection.reset(&nothing).unwrap_err();
    let as_owner = Resetter::new(Migrator::new(Migrations::empty()).role(&owner));
    leads_out(&error, "do it as the owner of these objects, with `role(..)`", &mut || {
        connection.reset(&as_owner).map(drop)
    });
    drop(connection);
    case.database.query(&format!("DROP OWNED BY {owner}, {login}; DROP ROLE {owner}, {login}"));

    let role = format!("made_{}", std::process::id());
    let mut case = Case::new().sql(&format!("CREATE ROLE {role}"));
    case.connection.mark(&Seeder::new(Seeds::empty(), "dev")).unwrap();
    let error =
        case.connection.reset(&Resetter::new(migrator(&[("1_a.sql", &format!("CREATE ROLE {role}"))]))).unwrap_err();
    let hint = "make them with IF NOT EXISTS, or drop what is there";
    leads_out(&error, hint, &mut || {
        case.database.query(&format!("DROP ROLE {role}"));
        case.connection.run(&migrator(&[("1_a.sql", &format!("CREATE ROLE {role}"))])).map(drop)
    });
    case.database.query(&format!("DROP ROLE {role}"));
}

#[test]
fn a_table_that_was_changed() {
    let mut case = Case::new().sql("CREATE TABLE t (id int)");
    let set = seeder(&[("t.csv", "id\n1\n")]);
    case.connection.seed(&set).unwrap();
    case.database
        .query("ALTER TABLE schema_seeds ALTER checksum DROP NOT NULL; UPDATE schema_seeds SET checksum = NULL");
    let error = case.connection.seed(&set).unwrap_err();
    let hint = "somebody or a newer version of the library has changed it: compare its columns with a backup";
    leads_out(&error, hint, &mut || {
        case.database.query("DELETE FROM schema_seeds; DELETE FROM t");
        case.database.query("ALTER TABLE schema_seeds ALTER checksum SET NOT NULL");
        case.connection.seed(&set).map(drop)
    });
}
