//! What the server says about roles, objects and privileges.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::postgres::row::{Unreadable, all, json, one};
use crate::postgres::session::{Reply, Row};

/// All that there is.
#[derive(Debug)]
pub(super) struct State {
    pub(super) session: Role,
    pub(super) database: Container,
    pub(super) roles: Vec<Role>,
    pub(super) schemas: Vec<Container>,
    pub(super) objects: Vec<Object>,
    /// What is in no schema.
    pub(super) loose: Vec<Loose>,
    pub(super) defaults: Vec<Default>,
    /// Whether that is said with each membership, as it is since PostgreSQL 16, rather than of a role.
    pub(super) says_who_inherits: bool,
}

/// A role.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) login: bool,
    pub(super) inherit: bool,
    /// Attributes that set it above all privileges: `SUPERUSER`, `BYPASSRLS`, `REPLICATION`.
    pub(super) above: Vec<String>,
    /// Attributes that can be taken away: `CREATEROLE`, `CREATEDB`.
    pub(super) powers: Vec<String>,
    /// What it is a member of, without detours.
    pub(super) member_of: Vec<String>,
    /// What it acts as in this database from the beginning.
    pub(super) acts_as: Option<String>,
    /// Whether it is a member of the owner, by whatever detour.
    pub(super) in_owner: bool,
    /// Whether it has the owner's privileges at all times.
    pub(super) inherits_owner: bool,
    /// Whether the session's role can take it on.
    pub(super) within_reach: bool,
}

/// The database, or a schema.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) owner: String,
    /// Whether the session's role has its owner's rights.
    pub(super) may_change: bool,
    pub(super) acl: Vec<Item>,
}

/// An item of a list of access control items.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    /// None is PUBLIC.
    pub(super) role: Option<String>,
    pub(super) privilege: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Object {
    pub(super) kind: Kind,
    /// What it is called behind `ALTER`.
    pub(super) keyword: String,
    pub(super) schema: String,
    pub(super) name: String,
    /// Quoted, with its schema, and with the types of its arguments.
    pub(super) quoted: String,
    pub(super) owner: String,
    /// Whether the session's role has its owner's rights.
    pub(super) may_change: bool,
    /// Its owner is that of the table that it belongs to.
    pub(super) belongs: bool,
    /// It is of this library: applications do not write to it.
    pub(super) ours: bool,
    pub(super) acl: Vec<Item>,
    /// The privileges that each role has in effect, whoever they are from.
    #[serde(default)]
    pub(super) held: Vec<Item>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Table,
    Sequence,
    Routine,
    Type,
    /// What nobody has privileges on, except its owner: an operator, a collation, a text search configuration.
    Other,
}

impl Kind {
    /// Whether rights on it can be granted, other than by PostgreSQL's default.
    pub(super) fn is_granted(self) -> bool {
        !matches!(self, Self::Type | Self::Other)
    }
}

/// An object of the database, which is in no schema.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Loose {
    /// `publication pub`
    pub(super) name: String,
    pub(super) is_server: bool,
    pub(super) owner: String,
}

/// Privileges of what the owner will make.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Default {
    /// None is all of them.
    pub(super) schema: Option<String>,
    pub(super) kind: Kind,
    pub(super) acl: Vec<Item>,
}

impl State {
    /// Without the objects that are kept.
    pub(super) fn read(reply: &Reply, server_version: u32, keep: &[String]) -> Result<Self, Unreadable> {
        let is_kept = |object: &Object| {
            keep.iter().any(|name| {
                *name == object.name || name.strip_prefix(&object.schema) == Some(&format!(".{}", object.name))
            })
        };
        let mut objects: Vec<Object> = all(reply, "atlas_object", document)?;
        objects.retain(|object| !is_kept(object));
        Ok(Self {
            loose: all(reply, "atlas_loose", document)?,
            says_who_inherits: server_version >= 160_000,
            session: document(one(reply, "atlas_session")?)?,
            database: document(one(reply, "atlas_database")?)?,
            roles: all(reply, "atlas_role", document)?,
            schemas: all(reply, "atlas_schema", document)?,
            objects,
            defaults: all(reply, "atlas_default", document)?,
        })
    }

    pub(super) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    pub(super) fn schema(&self, name: &str) -> Option<&Container> {
        self.schemas.iter().find(|schema| schema.name == name)
    }
}

/// What a role has by these items.
pub(super) fn privileges<'a>(acl: &'a [Item], role: Option<&str>) -> BTreeSet<&'a str> {
    acl.iter().filter(|item| item.role.as_deref() == role).map(|item| item.privilege.as_str()).collect()
}

/// What was tried, by its number, with the SQLSTATE that it ended with; nothing if it succeeded.
pub(super) fn attempts(reply: &Reply) -> Result<Vec<Option<String>>, Unreadable> {
    document(one(reply, "atlas_attempts")?)
}

fn document<T: DeserializeOwned>(row: &Row) -> Result<T, Unreadable> {
    json(row, 0)
}
