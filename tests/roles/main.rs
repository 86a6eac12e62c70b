//! Roles: what is made of a declaration, what each role can then do, and what a proof finds.

use std::sync::atomic::{AtomicU32, Ordering};

use atlas_migrate::Migrator;
use atlas_migrate::roles::Roles;
use atlas_migrate_tests::{Connection, Database, Driver, migrator};

/// Makes a test of each case for each driver.
macro_rules! every_driver {
    ($($(#[$attribute:meta])* fn $case:ident($driver:ident) $body:block)*) => {
        $(
            $(#[$attribute])*
            mod $case {
                use super::*;

                fn case($driver: Driver) $body

                #[test]
                fn sqlx_pool() {
                    case(Driver::SqlxPool);
                }

                #[test]
                fn sqlx_connection() {
                    case(Driver::SqlxConnection);
                }

                #[test]
                fn tokio_postgres() {
                    case(Driver::TokioPostgres);
                }

                #[test]
                fn deadpool() {
                    case(Driver::Deadpool);
                }

                #[test]
                fn postgres() {
                    case(Driver::Postgres);
                }
            }
        )*
    };
}

mod basics;
mod existing;
mod messages;
mod passwords;
mod proofs;
mod verbs;
mod without_superuser;

atlas_migrate_tests::on_every_version!();

/// A database, and roles of its own for it, since roles are known to all databases of a server.
struct Site {
    database: Database,
    /// What the names of its roles begin with.
    prefix: String,
}

impl Site {
    fn new() -> Self {
        Self::of(Database::new())
    }

    fn of(database: Database) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { database, prefix: format!("it's \"r\" {}_{count}", std::process::id()) }
    }

    /// The name of a role.
    fn role(&self, name: &str) -> String {
        format!("{} {name}", self.prefix)
    }

    /// The same, quoted.
    fn quoted(&self, name: &str) -> String {
        format!("\"{}\"", self.role(name).replace('"', "\"\""))
    }

    /// An owner, a migrator, an application and a reader.
    fn roles(&self) -> Roles {
        Roles::owned_by(self.role("owner"))
            .migrator(self.role("migrator"))
            .application(self.role("app"))
            .read_only(self.role("reader"))
    }

    /// A connection of this role.
    fn connect(&self, driver: Driver, role: &str) -> Connection {
        let role: String = self.role(role).bytes().map(|byte| format!("%{byte:02x}")).collect();
        driver.connect(&self.database.url_as(&role))
    }

    fn superuser(&self, driver: Driver) -> Connection {
        driver.connect(&self.database.url())
    }

    /// Runs SQL in which `{app}` is the role `app`, quoted, and `'{app}'` its name, as a literal.
    #[track_caller]
    fn query(&self, sql: &str) -> Vec<String> {
        let mut filled_in = sql.to_owned();
        for name in ["owner", "migrator", "app", "reader", "admin", "other"] {
            let literal = format!("'{}'", self.role(name).replace('\'', "''"));
            filled_in = filled_in
                .replace(&format!("'{{{name}}}'"), &literal)
                .replace(&format!("{{{name}}}"), &self.quoted(name));
        }
        self.database.query(&filled_in)
    }

    /// A text without what is different each time.
    fn plain(&self, text: &str) -> String {
        let database = self.database.value("SELECT current_database()");
        let spelled = [self.prefix.replace('"', "\"\""), self.prefix.replace('\'', "''"), self.prefix.clone()];
        spelled.iter().fold(text.replace(&database, "app"), |text, prefix| text.replace(prefix, "my"))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let prefix = self.prefix.replace('\'', "''");
        let roles = self.database.query(&format!(
            "SELECT quote_ident(rolname) FROM pg_roles WHERE starts_with(rolname, '{prefix}') ORDER BY rolname DESC"
        ));
        // Of several at once PostgreSQL 15 drops default privileges twice, and fails.
        for role in &roles {
            self.database.query(&format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}"));
        }
        if !roles.is_empty() {
            self.database.query(&format!("DROP ROLE {}", roles.join(", ")));
        }
    }
}

/// An application's migrations.
fn tables() -> Migrator {
    migrator(&[
        ("001_users.sql", "CREATE TABLE users (id serial PRIMARY KEY, name text)"),
        ("002_posts.sql", "CREATE TABLE posts (id bigint GENERATED ALWAYS AS IDENTITY, author int REFERENCES users)"),
        ("003_count.sql", "CREATE FUNCTION number() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM users'"),
    ])
}
