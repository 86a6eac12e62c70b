//! The database of one test.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use atlas_migrate_core::fault::shown;

use super::contents::Contents;
use super::maintenance::Maintenance;
use super::{schema, server, spare, template};
use crate::Error;
use crate::ephemeral::Server;
use crate::testing::sql;
use crate::testing::sql::Number;

/// A database that belongs to one test: dropped with the value, or kept if the test panics.
///
/// ```no_run
/// # mod migrations { atlas_migrate::embed_migrations!("../migrations"); }
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use atlas_migrate::testing;
///
/// let database = testing::Database::new_blocking(&migrations::MIGRATIONS)?;
/// println!("{}", database.url());
/// # Ok(())
/// # }
/// ```
#[must_use = "the database is dropped with the value"]
pub struct Database(Arc<Inner>);

struct Inner {
    name: String,
    url: String,
    isolation: Isolation,
    /// The test that it is for, if that is known.
    test: Option<String>,
    /// It is on a server that will not stay.
    is_throw_away: bool,
    /// Holds the lock that says that there is an owner. Taken when that ends.
    maintenance: Mutex<Option<Maintenance>>,
    kept: AtomicBool,
    /// A panic is what the test is for.
    panics: AtomicBool,
}

/// How long the throw-away server stays after its last user once something on it is kept.
const LINGER: Duration = Duration::from_secs(600);

/// What a test has for itself.
#[derive(Clone, Copy, Debug)]
enum Isolation {
    Database,
    /// In a database that it shares.
    Schema,
}

impl Database {
    /// A new one, with these migrations and seeds.
    ///
    /// `contents` is what `embed_migrations!` defines, `&MIGRATIONS`, a [`Migrator`](crate::Migrator) with options, or either with
    /// seeds: [`Contents`].
    ///
    /// # Errors
    ///
    /// There is no server, or it cannot be connected to ([`Connection`](crate::ErrorKind::Connection)); a migration fails, as
    /// with [`run`](crate::Migrator::run); the role may create neither databases nor schemas
    /// ([`Database`](crate::ErrorKind::Database)).
    pub async fn new(contents: impl Into<Contents>) -> Result<Self, Error> {
        let contents = contents.into();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let making = thread::Builder::new().name("atlas-migrate".to_owned()).spawn(move || {
            // Whoever waited for it may have gone; then it is dropped here.
            let _sent = sender.send(Self::make(&contents, None));
        });
        making.map_err(Error::connect)?;
        receiver.await.map_err(Error::connect)?
    }

    /// The same, for tests that are not `async`.
    ///
    /// # Errors
    ///
    /// As those of [`new`](Self::new).
    pub fn new_blocking(contents: impl Into<Contents>) -> Result<Self, Error> {
        Self::make(&contents.into(), None)
    }

    /// The same for a test of this name, in the place of what was kept of an earlier run of it.
    pub(super) fn of_test(contents: &Contents, test: &str) -> Result<Self, Error> {
        Self::make(contents, Some(test))
    }

    /// Where it is: what all Rust clients take.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Its name on the server; of a schema where the role may not create databases.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Leaves the database when the value is dropped, to look into it.
    pub fn keep(&self) {
        self.0.kept.store(true, Ordering::Relaxed);
    }

    /// Drops the database after a panic too, which is what the test is for.
    pub(super) fn expect_panic(&self) {
        self.0.panics.store(true, Ordering::Relaxed);
    }

    /// The same database, which ends with the last of them.
    pub(super) fn share(&self) -> Self {
        Self(self.0.clone())
    }

    fn make(contents: &Contents, test: Option<&str>) -> Result<Self, Error> {
        let server::Address { url, is_throw_away } = server::address()?;
        let mut maintenance = Maintenance::for_test(&url)?;
        let number = Number(crate::postgres::lock::random());
        let name = number.test();
        let (isolation, url) = if maintenance.may_create() {
            (Isolation::Database, Self::copy(&mut maintenance, number, contents, test)?)
        } else {
            (Isolation::Schema, schema::make(&mut maintenance, number, contents, test)?)
        };
        Ok(Self(Arc::new(Inner {
            name,
            url,
            isolation,
            test: test.map(str::to_owned),
            is_throw_away,
            maintenance: Mutex::new(Some(maintenance)),
            kept: AtomicBool::new(false),
            panics: AtomicBool::new(false),
        })))
    }

    /// Makes a copy of the template, and the template if it is not there. Gives the URL.
    fn copy(
        maintenance: &mut Maintenance,
        number: Number,
        contents: &Contents,
        test: Option<&str>,
    ) -> Result<String, Error> {
        let (name, template) = (number.test(), template::number(contents, maintenance));
        let url = server::with_database(maintenance.url(), &name)?;
        let reply = maintenance.send("looking for a template", &sql::take(number, template, test))?;
        let is_new = reply.rows("atlas_template").next().is_none();
        match reply.rows("atlas_template").next().and_then(|row| row.first()) {
            None => template::make(maintenance, number, template, contents)?,
            Some(Some(used_today)) if used_today == "t" => {}
            Some(_) => drop(maintenance.send("noting a template's use", &sql::note_use(template))?),
        }
        // One that is still there now that its lock is ours, nobody else takes.
        let spare =
            reply.rows("atlas_locked").next().filter(|locked| reply.rows("atlas_spare").any(|row| row == *locked));
        let taken = match spare.and_then(|row| row.first()) {
            Some(Some(spare)) => maintenance.rename(spare, &name)?,
            _ => false,
        };
        if !taken {
            maintenance.copy(&template.template(), &name)?;
        }
        if is_new || reply.rows("atlas_settings").next().is_some() {
            maintenance.copy_settings(&template.template(), &name)?;
        }
        maintenance.send("letting a template go", &sql::let_go(template))?;
        for kept in reply.rows("atlas_kept").filter_map(|row| row.first()?.as_deref()) {
            if let Err(error) = template::remove(maintenance, kept) {
                eprintln!("{kept}, which was kept of an earlier run of this test, stays: {error}");
            }
        }
        let spares = reply.rows("atlas_spare").count() - usize::from(taken);
        if spares < spare::ENOUGH && reply.rows("atlas_turn").next().is_some() {
            spare::make(maintenance.url().to_owned(), template);
        }
        Ok(url)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&server::without_password(&self.0.url)).finish()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let Some(mut maintenance) = self.maintenance.get_mut().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let kept = *self.kept.get_mut() || (thread::panicking() && !*self.panics.get_mut());
        if kept {
            self.tell_kept();
        }
        let test = self.test.as_deref();
        let doing = if kept { "keeping the database of a test" } else { "removing the database of a test" };
        let done = match (self.isolation, kept) {
            (Isolation::Database, true) => maintenance.send(doing, &sql::keep(&self.name, test)).map(drop),
            (Isolation::Database, false) => maintenance
                .send(doing, &sql::await_closed(&self.name))
                .and_then(|_| template::remove(&mut maintenance, &self.name)),
            (Isolation::Schema, true) => maintenance.send(doing, &sql::keep_schema(&self.name, test)).map(drop),
            (Isolation::Schema, false) => maintenance
                .within_limit(|maintenance| maintenance.send(doing, &sql::remove_schema(&self.name)).map(drop)),
        };
        match done {
            Ok(()) => maintenance.rest(),
            Err(error) => eprintln!("{}: {error}", self.name),
        }
    }
}

impl Inner {
    /// Says where it is, and for how long.
    fn tell_kept(&self) {
        eprintln!("the database is kept: {}", shown(&server::without_password(&self.url)));
        if self.is_throw_away {
            match Server::shared().and_then(|server| server.linger(LINGER)) {
                Ok(()) => eprintln!(
                    "its server ends {} minutes after the last test process; set DATABASE_URL to keep it longer",
                    LINGER.as_secs() / 60
                ),
                Err(error) => eprintln!("its server ends seconds after the last test process: {error}"),
            }
        }
    }
}
