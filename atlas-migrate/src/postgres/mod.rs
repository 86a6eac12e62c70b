//! The conversation with PostgreSQL: a connection of whatever client, what is sent over it and what comes back. It knows no
//! capability of the library.

pub(crate) mod driver;
#[cfg(any(feature = "clean", feature = "seeds"))]
pub(crate) mod hidden;
pub(crate) mod lock;
pub(crate) mod message;
#[cfg(any(feature = "bench", feature = "verify"))]
pub(crate) mod question;
pub(crate) mod refusal;
pub(crate) mod row;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod sql;
pub(crate) mod transaction;
