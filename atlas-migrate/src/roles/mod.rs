#![doc = include_str!("../docs/roles.md")]

mod declaration;
mod engine;
mod json;
mod plan;
mod proof;
mod prove;
mod refusal;
pub(crate) mod sql;
mod state;
mod toml;
mod wanted;

pub use atlas_migrate_core::roles::On;

#[cfg(feature = "setup")]
pub(crate) use self::declaration::{Apply, Prove};
pub use self::declaration::{Login, Roles};
pub use self::plan::RolesPlan;
pub use self::proof::{Probe, Proof};
