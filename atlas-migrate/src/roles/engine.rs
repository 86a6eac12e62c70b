//! The order of effects, and nothing else.
//!
//! 1. *Look*: one message: the server, and whether it can be written to.
//! 2. *Read*: a transaction, the lock of those who apply roles, and all that the catalog says.
//! 3. The statements that are needed, and the commit; or what is to be tried, and the end of it all.

use super::declaration::Roles;
use super::plan::{self, RolesPlan};
use super::proof::Proof;
use super::state::{self, State};
use super::{prove, refusal};
use crate::postgres::server::Server;
use crate::postgres::session::{Reply, Session};
use crate::postgres::sql::{ROLLBACK, Sql};
use crate::postgres::wait::{self, Lock, Wait};
use crate::roles::sql::{self, Asked};
use crate::{Error, ErrorKind};

pub(super) struct Engine<'a, S> {
    session: &'a mut S,
    roles: &'a Roles,
    sql: Sql,
}

impl<'a, S: Session> Engine<'a, S> {
    pub(super) fn new(session: &'a mut S, roles: &'a Roles) -> Result<Self, Error> {
        refusal::check(roles)?;
        Ok(Self { session, roles, sql: Sql::without_history(None, roles.lock_timeout) })
    }

    pub(super) async fn plan(mut self) -> Result<RolesPlan, Error> {
        self.look().await?;
        self.open();
        let begin = self.sql.begin_reading_roles();
        let state = self.read(begin, &[]).await;
        self.roll_back().await;
        plan::plan(self.roles, &state?)
    }

    pub(super) async fn apply(mut self) -> Result<RolesPlan, Error> {
        self.look().await?.writable("roles are to be changed")?;
        self.open();
        let plan = self.change().await;
        match plan {
            Ok(plan) => {
                self.session.if_dropped(None);
                Ok(plan)
            }
            Err(error) => {
                self.roll_back().await;
                Err(self.blame(error).await)
            }
        }
    }

    /// Names who has locked something in the schemas.
    async fn blame(&mut self, error: Error) -> Error {
        if error.kind() != ErrorKind::LockTimeout {
            return error;
        }
        let begin = self.sql.begin_reading_roles();
        let state = self.read(begin, &[]).await;
        self.roll_back().await;
        let Ok(state) = state else { return error };
        let names: Vec<_> = state.objects.iter().map(|object| object.name.as_str()).collect();
        wait::blame(self.session, error, &names).await
    }

    async fn change(&mut self) -> Result<RolesPlan, Error> {
        self.begin().await?;
        let state = self.read(String::new(), &[]).await?;
        let plan = plan::plan(self.roles, &state)?;
        for message in plan.messages() {
            // Event triggers of users go by the session's path.
            let sent = self.send(&(self.sql.session_path() + &message), "changing roles").await;
            sent.map_err(refusal::unknown_whether_changed)?;
        }
        Ok(plan)
    }

    pub(super) async fn prove(mut self) -> Result<Proof, Error> {
        self.look().await?.writable("what roles may do is to be tried")?;
        self.open();
        let proof = self.try_all().await;
        self.roll_back().await;
        proof
    }

    async fn try_all(&mut self) -> Result<Proof, Error> {
        self.begin().await?;
        let state = self.read(String::new(), &[]).await?;
        let missing = prove::missing(self.roles, &state);
        if !missing.is_empty() {
            return Ok(Proof::new(missing));
        }
        // Only who is there can be asked for.
        let names: Vec<_> = self.roles.logins().map(|login| login.name.as_str()).collect();
        let reply = self.send(&self.sql.read_roles(&self.asked(&names)), "looking at privileges").await?;
        let state = State::read(&reply, self.sql.server_version, &self.roles.keep)?;
        let trials = prove::trials(self.roles, &state);
        let reply = self.send(&prove::message(self.roles, &state, &trials), "trying what roles may do").await?;
        let mut probes = prove::compare(self.roles, &state);
        probes.extend(prove::judge(&trials, state::attempts(&reply)?));
        Ok(Proof::new(probes))
    }

    async fn look(&mut self) -> Result<Server, Error> {
        self.session.if_dropped(Some(String::new()));
        let reply = self.session.send(&sql::look()).await;
        self.session.if_dropped(None);
        let reply = reply.map_err(|failure| Error::own("looking at the server", failure.cause))?;
        let server = state::server(&reply)?;
        server.usable()?;
        self.sql.path = state::path(&reply)?;
        self.sql.server_version = server.version_number;
        Ok(server)
    }

    /// Begins a transaction, in which nobody else changes roles of this database.
    async fn begin(&mut self) -> Result<(), Error> {
        let lock = Lock {
            doing: "changing roles",
            holder: Sql::roles_holder(),
            budget: self.roles.wait_budget,
            listener: &self.roles.listener,
        };
        let mut wait = Wait::new();
        while !state::has_lock(&self.send(&self.sql.begin_roles(), "taking the lock").await?) {
            lock.await_turn(self.session, &mut wait).await?;
        }
        Ok(())
    }

    /// Begins, and reads all that there is; with what these roles have in effect.
    async fn read(&mut self, begin: String, names: &[&str]) -> Result<State, Error> {
        let message = begin + &self.sql.read_roles(&self.asked(names));
        State::read(&self.send(&message, "looking at roles").await?, self.sql.server_version, &self.roles.keep)
    }

    fn asked<'q>(&'q self, held_by: &'q [&'q str]) -> Asked<'q> {
        let Roles { owner, schemas, .. } = self.roles;
        Asked { owner, roles: self.roles.names().collect(), schemas, held_by }
    }

    async fn send(&mut self, message: &str, doing: &str) -> Result<Reply, Error> {
        self.session.send(message).await.map_err(|failure| refusal::failed(doing, failure.cause))
    }

    fn open(&mut self) {
        self.session.if_dropped(Some(ROLLBACK.to_owned()));
    }

    /// If it fails the connection is lost, and the transaction with it.
    async fn roll_back(&mut self) {
        if self.session.send(ROLLBACK).await.is_ok() {
            self.session.if_dropped(None);
        }
    }
}
