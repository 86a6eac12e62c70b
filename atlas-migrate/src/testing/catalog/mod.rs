//! What is in a database, as text that can be compared: see [`Migrator::snapshot`].

use std::collections::BTreeMap;
use std::fmt;

use atlas_migrate_core::fault::{shown, shown_lines};
use tracing::Instrument;

use crate::postgres::driver::{Database, Job};
use crate::postgres::row::Unreadable;
use crate::postgres::session::{Failure, Session};
use crate::postgres::transaction::Conversation;
use crate::{Error, ErrorKind, Migrator};

mod difference;
mod sql;

pub use difference::Difference;

/// All that migrations can make in a database, except rows: each object with its definition, as lines of text.
///
/// Two snapshots are equal if the same was made, in whatever order, in whichever database of servers of the same major
/// version. `Display` shows every object.
///
/// An object is a schema, table, view, materialized view, sequence, function, procedure, aggregate, type, domain,
/// extension, event trigger, statistics object, publication, foreign data wrapper, server, foreign table or user
/// mapping; a role's default privileges; an operator, with its classes and families, a cast, language, transform,
/// access method, collation, conversion, or something of text search. A table's columns, constraints, indexes,
/// triggers, rules and policies are shown with it. Of each object there are its owner, its comment, and the privileges
/// that are not what they would be if nobody had granted or revoked anything.
///
/// Left out are what belongs to extensions, to the server and to sessions (temporary objects), the history of the
/// migrations, what a partition has from its parent, subscriptions, large objects, security labels, and the options of
/// user mappings, which may be passwords. So are roles and settings of the database, which are not in it, but beside
/// it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    objects: BTreeMap<Name, Vec<String>>,
}

/// What an object is called, quoted where it has to be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    kind: String,
    identity: String,
}

impl Snapshot {
    /// What is in the database now. One message, which changes nothing.
    pub(crate) async fn read<S: Session>(session: &mut S, migrator: &Migrator) -> Result<Self, Error> {
        let sql = migrator.options.sql();
        let reply = Conversation::new(session).look(&sql.snapshot()).await;
        let reply = reply.map_err(Failure::own("reading the catalog"))?;
        if reply.rows("atlas_alone").flatten().any(|alone| alone.as_deref() != Some("t")) {
            return Err(Error::new(ErrorKind::Usage, "the connection is in the middle of a transaction")
                .hint("commit or roll back first: reading the catalog needs settings of its own"));
        }
        let mut objects = BTreeMap::<_, Vec<String>>::new();
        for row in reply.rows("atlas_object") {
            let [Some(kind), Some(identity), Some(text)] = row.as_slice() else {
                return Err(Unreadable(format!("{row:?}")).into());
            };
            let lines = objects.entry(Name { kind: kind.clone(), identity: identity.clone() }).or_default();
            if !text.is_empty() {
                lines.extend(text.strip_suffix('\n').unwrap_or(text).split('\n').map(str::to_owned));
            }
        }
        Ok(Self { objects })
    }

    /// Without the objects of which this says so, going by kind and name: `table public.users`.
    #[cfg(feature = "testing")]
    pub(crate) fn without(mut self, left_out: impl Fn(&str) -> bool) -> Self {
        self.objects.retain(|name, _| !left_out(&name.to_string()));
        self
    }

    /// What is to be added to this and removed from it for the other one.
    pub fn diff(&self, other: &Self) -> Difference {
        Difference::new(self, other)
    }
}

impl Migrator {
    /// What is in a database, except the history of this migrator: all that its migrations can have made there.
    ///
    /// One round trip, which writes nothing and needs no privileges.
    ///
    /// ```no_run
    /// # #[cfg(feature = "sqlx")]
    /// # async fn example(pool: sqlx::PgPool) -> Result<(), atlas_migrate::Error> {
    /// # mod migrations { atlas_migrate::embed_migrations!("../migrations"); }
    /// use atlas_migrate::Revert;
    ///
    /// let migrator = migrations::migrator();
    /// let before = migrator.snapshot(&pool).await?;
    /// migrator.run(&pool).await?;
    /// migrator.revert(&pool, Revert::All).await?;
    /// let left = before.diff(&migrator.snapshot(&pool).await?);
    /// assert!(left.is_empty(), "{left}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Connection`](ErrorKind::Connection); [`Usage`](ErrorKind::Usage) in the middle of a transaction;
    /// [`Database`](ErrorKind::Database) if somebody else changes a table for longer than
    /// [`lock_timeout`](Self::lock_timeout), since a view on it cannot be read meanwhile.
    pub fn snapshot<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<Snapshot> {
        database.perform(TakeSnapshot(self.clone()))
    }
}

pub(crate) struct TakeSnapshot(pub(crate) Migrator);

impl Job for TakeSnapshot {
    type Output = Snapshot;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Snapshot, Error> {
        Snapshot::read(session, &self.0).instrument(self.0.span("snapshot")).await
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, shown(&self.identity))
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, lines)) in self.objects.iter().enumerate() {
            write!(f, "{}{name}", if index == 0 { "" } else { "\n" })?;
            lines.iter().try_for_each(|line| write!(f, "\n  {}", shown_lines(line)))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
