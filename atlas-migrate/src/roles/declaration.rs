//! The builder: which roles there are to be, and the verbs.

use std::fmt;
use std::time::Duration;

use atlas_migrate_core::roles::On;
use tracing::Instrument;

use super::engine::Engine;
use super::{Proof, RolesPlan};
use crate::Error;
use crate::postgres::driver::{Database, Job};
use crate::postgres::lock::Patience;
use crate::postgres::session::Session;
use crate::progress::{Event, Listener};

/// Which roles a database is to have, and what they may do.
///
/// Options are methods that take and give the builder; verbs take a [`Database`], connected as a role that may create roles.
#[derive(Clone, Debug)]
#[must_use = "a declaration does nothing until one of its verbs is called"]
pub struct Roles {
    pub(super) owner: String,
    pub(super) migrators: Vec<Login>,
    pub(super) applications: Vec<Login>,
    pub(super) readers: Vec<Login>,
    pub(super) schemas: Vec<String>,
    pub(super) keep: Vec<String>,
    pub(super) grants: Vec<Extra>,
    pub(super) patience: Patience,
}

/// A role that can log in.
#[derive(Clone)]
pub struct Login {
    pub(super) name: String,
    /// What the server keeps of its password.
    pub(super) verifier: Option<String>,
}

/// A privilege beyond those that come with what a role is.
#[derive(Clone, Debug)]
pub(super) struct Extra {
    pub(super) role: String,
    pub(super) privilege: String,
    pub(super) on: On,
}

impl Login {
    /// A role of this name, whose password is left alone.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), verifier: None }
    }

    /// Sets the password. Nothing is kept, shown or sent of it but a SCRAM-SHA-256 verifier, which is computed here.
    pub fn password(self, password: impl AsRef<str>) -> Self {
        self.password_of(password.as_ref().as_bytes())
    }

    /// Sets the password to what an environment variable has, as [`password`](Self::password) does. Where there is no such
    /// variable the password is left alone.
    pub fn password_from_env(self, variable: &str) -> Self {
        match std::env::var_os(variable) {
            Some(password) => self.password_of(password.as_encoded_bytes()),
            None => self,
        }
    }

    fn password_of(mut self, password: &[u8]) -> Self {
        // That of no password is refused later.
        let verifier = || postgres_protocol::password::scram_sha_256(password);
        self.verifier = Some(if password.is_empty() { String::new() } else { verifier() });
        self
    }
}

impl<T: Into<String>> From<T> for Login {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}

/// Without the verifier.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = if self.verifier.is_some() { "given" } else { "left alone" };
        f.debug_struct("Login").field("name", &self.name).field("password", &password).finish()
    }
}

impl Roles {
    /// A declaration in which this role owns all objects. Nobody logs in as it.
    pub fn owned_by(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            migrators: Vec::new(),
            applications: Vec::new(),
            readers: Vec::new(),
            schemas: vec!["public".to_owned()],
            keep: Vec::new(),
            grants: Vec::new(),
            patience: Patience::default(),
        }
    }

    /// A role that runs migrations: all that it does in this database it does as the owner.
    pub fn migrator(mut self, login: impl Into<Login>) -> Self {
        self.migrators.push(login.into());
        self
    }

    /// A role that reads and writes rows, and calls functions.
    pub fn application(mut self, login: impl Into<Login>) -> Self {
        self.applications.push(login.into());
        self
    }

    /// A role that reads rows.
    pub fn read_only(mut self, login: impl Into<Login>) -> Self {
        self.readers.push(login.into());
        self
    }

    /// The schemas that the objects are in, which are made if there are none. Default: `public`.
    pub fn schemas<T: Into<String>>(mut self, schemas: impl IntoIterator<Item = T>) -> Self {
        self.schemas = schemas.into_iter().map(Into::into).collect();
        self
    }

    /// Objects that keep their owner and their privileges: `prices_history`, or `shop.prices_history` where several schemas have
    /// one of that name. Default: none. For tables that nobody may change, as extensions make them.
    pub fn keep<T: Into<String>>(mut self, objects: impl IntoIterator<Item = T>) -> Self {
        self.keep.extend(objects.into_iter().map(Into::into));
        self
    }

    /// A privilege more, for a role of this declaration or another one that there is: `TRUNCATE`, `EXECUTE`…
    ///
    /// It is granted as soon as there is such an object.
    pub fn grant(mut self, role: impl Into<String>, privilege: impl Into<String>, on: On) -> Self {
        self.grants.push(Extra { role: role.into(), privilege: privilege.into().to_ascii_uppercase(), on });
        self
    }

    /// How long it waits for a lock. Default: 3 seconds; zero waits forever.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.patience.lock_timeout = timeout;
        self
    }

    /// For how long in all it waits for another process that changes roles. Default: 15 minutes.
    pub fn wait_budget(mut self, budget: Duration) -> Self {
        self.patience.wait_budget = budget;
        self
    }

    /// Tells a function what is going on: [`Event::Waiting`] for another process.
    pub fn on_progress(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.patience.listener = Listener::new(listener);
        self
    }

    /// What [`apply`](Self::apply) would do. Writes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`apply`](Self::apply), except what the server refuses.
    pub fn plan<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<RolesPlan> {
        database.perform(Plan(self.clone()))
    }

    /// Makes the roles and gives them the rights that they are to have, and no others, in one transaction. What is so already is
    /// left alone; a password that is given is set.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::ErrorKind::Usage) if the declaration makes no sense;
    /// [`Database`](crate::ErrorKind::Database) if the session's role may not do it. Nothing was changed then.
    pub fn apply<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<RolesPlan> {
        database.perform(Apply(self.clone()))
    }

    /// Compares the privileges of each role on each object with the declaration, and tries as each role what it may do and
    /// what it may not, on objects that it makes for this; all of it is rolled back.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database) if the session's role may not take the others on. A proof that fails is no error.
    pub fn prove<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<Proof> {
        database.perform(Prove(self.clone()))
    }

    /// The role that all objects belong to.
    #[cfg(feature = "setup")]
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    #[cfg(feature = "setup")]
    pub(crate) fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }

    /// All that log in.
    pub(super) fn logins(&self) -> impl Iterator<Item = &Login> {
        self.migrators.iter().chain(&self.applications).chain(&self.readers)
    }

    /// All of them, the owner first.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.owner.as_str()).chain(self.logins().map(|login| login.name.as_str()))
    }
}

struct Plan(Roles);
pub(crate) struct Apply(pub(crate) Roles);
pub(crate) struct Prove(pub(crate) Roles);

impl Job for Plan {
    type Output = RolesPlan;

    async fn perform<S: Session>(self, session: &mut S) -> Result<RolesPlan, Error> {
        Engine::new(session, &self.0)?.plan().instrument(tracing::info_span!("roles", verb = "plan")).await
    }
}

impl Job for Apply {
    type Output = RolesPlan;

    async fn perform<S: Session>(self, session: &mut S) -> Result<RolesPlan, Error> {
        Engine::new(session, &self.0)?.apply().instrument(tracing::info_span!("roles", verb = "apply")).await
    }
}

impl Job for Prove {
    type Output = Proof;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Proof, Error> {
        Engine::new(session, &self.0)?.prove().instrument(tracing::info_span!("roles", verb = "prove")).await
    }
}
