//! A database whose roles are its own.

use std::sync::atomic::{AtomicU32, Ordering};

use atlas_migrate::roles::Roles;

use crate::{Connection, Database, Driver};

/// A database, and roles of its own for it, since roles are known to all databases of a server.
pub struct Site {
    /// The database.
    pub database: Database,
    /// What the names of its roles begin with.
    prefix: String,
}

impl Site {
    /// On the server of the tests.
    pub fn new() -> Self {
        Self::of(Database::new())
    }

    /// On whatever server the database is.
    pub fn of(database: Database) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { database, prefix: format!("it's \"r\" {}_{count}", std::process::id()) }
    }

    /// The name of a role.
    pub fn role(&self, name: &str) -> String {
        format!("{} {name}", self.prefix)
    }

    /// The same, quoted.
    pub fn quoted(&self, name: &str) -> String {
        format!("\"{}\"", self.role(name).replace('"', "\"\""))
    }

    /// An owner, a migrator, an application and a reader.
    pub fn roles(&self) -> Roles {
        Roles::owned_by(self.role("owner"))
            .migrator(self.role("migrator"))
            .application(self.role("app"))
            .read_only(self.role("reader"))
    }

    /// A connection of this role.
    pub fn connect(&self, driver: Driver, role: &str) -> Connection {
        let role: String = self.role(role).bytes().map(|byte| format!("%{byte:02x}")).collect();
        driver.connect(&self.database.url_as(&role))
    }

    /// A connection of the superuser.
    pub fn superuser(&self, driver: Driver) -> Connection {
        driver.connect(&self.database.url())
    }

    /// Runs SQL in which `{app}` is the role `app`, quoted, and `'{app}'` its name, as a literal.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<String> {
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
    pub fn plain(&self, text: &str) -> String {
        let database = self.database.value("SELECT current_database()");
        let spelled = [self.prefix.replace('"', "\"\""), self.prefix.replace('\'', "''"), self.prefix.clone()];
        spelled.iter().fold(text.replace(&database, "app"), |text, prefix| text.replace(prefix, "my"))
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let prefix = self.prefix.replace('\'', "''");
        // The blank keeps the tenth site apart from the first.
        let roles = self.database.query(&format!(
            "SELECT quote_ident(rolname) FROM pg_roles WHERE starts_with(rolname, '{prefix} ') ORDER BY rolname DESC"
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
