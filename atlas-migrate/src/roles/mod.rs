#![doc = include_str!("../docs/roles.md")]

mod declaration;
mod engine;
mod plan;
mod proof;
mod prove;
mod refusal;
mod state;
mod wanted;

#[cfg(feature = "setup")]
pub(crate) use self::declaration::{Apply, Prove};
pub use self::declaration::{Login, On, Roles};
pub use self::plan::RolesPlan;
pub use self::proof::{Probe, Proof};
