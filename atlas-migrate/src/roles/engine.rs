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
use crate::Error;
use crate::postgres::lock::{self, Lock, Pace};
use crate::postgres::row::{one, string};
use crate::postgres::server::Server;
use crate::postgres::session::{Failure, Reply, Session};
use crate::postgres::sql::{COMMIT, Sql};
use crate::postgres::transaction::{Conversation, Transaction};
use crate::roles::sql::{self, Asked};

/// How often it is tried, as long as other processes change the same roles in other databases. Roles are the server's, and the lock is
/// one for each database.
const TRIES: usize = 20;

pub(super) struct Engine<'a, S> {
    conversation: Conversation<'a, S>,
    roles: &'a Roles,
    sql: Sql,
}

impl<'a, S: Session> Engine<'a, S> {
    pub(super) fn new(session: &'a mut S, roles: &'a Roles) -> Result<Self, Error> {
        refusal::check(roles)?;
        let sql = Sql::without_table(None, roles.patience.lock_timeout);
        Ok(Self { conversation: Conversation::new(session), roles, sql })
    }

    pub(super) async fn plan(mut self) -> Result<RolesPlan, Error> {
        self.look().await?;
        plan::plan(self.roles, &self.read_only().await?)
    }

    pub(super) async fn apply(mut self) -> Result<RolesPlan, Error> {
        self.look().await?.writable("roles are to be changed")?;
        let mut pace = Pace::new();
        let mut tries = 1;
        loop {
            let plan = self.change().await;
            let left = self.roles.patience.wait_budget.saturating_sub(pace.waited());
            let goes_on = tries < TRIES && !left.is_zero();
            match self.conversation.close(plan).await {
                Err(error) if goes_on && refusal::is_overtaken(&error) => tries += 1,
                Err(error) => return Err(self.blame(error).await),
                plan => return plan,
            }
            let pause = Sql::pause(pace.next_pause(left), "");
            self.conversation.look(&pause).await.map_err(Failure::own("waiting"))?;
        }
    }

    /// Names who has locked something in the schemas.
    async fn blame(&mut self, error: Error) -> Error {
        if !error.is_busy() {
            return error;
        }
        let Ok(state) = self.read_only().await else { return error };
        let names: Vec<_> = state.objects.iter().map(|object| object.name.as_str()).collect();
        lock::blame(&mut self.conversation, error, &names).await
    }

    async fn change(&mut self) -> Result<RolesPlan, Error> {
        let transaction = self.begin().await?;
        let state = self.read(&[]).await?;
        let plan = plan::plan(self.roles, &state)?;
        let (changes, last) = plan.messages();
        for message in changes {
            // Event triggers of users go by the session's path.
            self.send(&(self.sql.session_path() + &message), "changing roles").await?;
        }
        let committed = self.conversation.end(transaction, &(self.sql.session_path() + &last)).await;
        committed.map_err(|failure| refusal::unknown_whether_changed(refusal::failed("changing roles", failure)))?;
        Ok(plan)
    }

    pub(super) async fn prove(mut self) -> Result<Proof, Error> {
        self.look().await?.writable("what roles may do is to be tried")?;
        let proof = self.try_all().await;
        self.conversation.close(proof).await
    }

    async fn try_all(&mut self) -> Result<Proof, Error> {
        let transaction = self.begin().await?;
        let state = self.read(&[]).await?;
        let mut probes = prove::missing(self.roles, &state);
        if probes.is_empty() {
            // Only who is there can be asked for.
            let names: Vec<_> = self.roles.logins().map(|login| login.name.as_str()).collect();
            let state = self.read(&names).await?;
            let trials = prove::trials(self.roles, &state);
            let message = prove::message(self.roles, &state, &trials);
            let reply = self.send(&message, "trying what roles may do").await?;
            probes = prove::compare(self.roles, &state);
            probes.extend(prove::judge(&trials, state::attempts(&reply)?));
        }
        self.conversation.roll_back(transaction).await;
        Ok(Proof::new(probes))
    }

    async fn look(&mut self) -> Result<Server, Error> {
        let reply = self.conversation.look(&sql::look()).await.map_err(Failure::own("looking at the server"))?;
        let row = one(&reply, "atlas_server")?;
        let server = Server::read(row, 0)?;
        server.usable()?;
        self.sql.path = string(row, 5)?;
        self.sql.server_version = server.version_number;
        Ok(server)
    }

    /// Begins a transaction, in which nobody else changes roles of this database.
    async fn begin(&mut self) -> Result<Transaction, Error> {
        let lock = Lock { doing: "changing roles", keys: &[sql::LOCK.to_owned()], leases: "" };
        let taken = lock.take(&mut self.conversation, &self.roles.patience, &self.sql.open()).await;
        taken.map(|(transaction, _)| transaction)
    }

    /// Reads all that there is, in a transaction that changes nothing.
    async fn read_only(&mut self) -> Result<State, Error> {
        let message = self.sql.begin_reading_roles() + &self.sql.read_roles(&self.asked(&[])) + COMMIT;
        let reply = self.conversation.whole(&message).await;
        self.state(&reply.map_err(|failure| refusal::failed("looking at roles", failure))?)
    }

    /// Reads all that there is, with what these roles have in effect.
    async fn read(&mut self, names: &[&str]) -> Result<State, Error> {
        let message = self.sql.read_roles(&self.asked(names));
        let reply = self.send(&message, "looking at roles").await?;
        self.state(&reply)
    }

    fn state(&self, reply: &Reply) -> Result<State, Error> {
        Ok(State::read(reply, self.sql.server_version, &self.roles.keep)?)
    }

    fn asked<'q>(&'q self, held_by: &'q [&'q str]) -> Asked<'q> {
        let Roles { owner, schemas, .. } = self.roles;
        Asked { owner, roles: self.roles.names().collect(), schemas, held_by }
    }

    async fn send(&mut self, message: &str, doing: &str) -> Result<Reply, Error> {
        self.conversation.send(message).await.map_err(|failure| refusal::failed(doing, failure))
    }
}
