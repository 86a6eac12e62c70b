//! One suite, every driver.

mod basics;
mod belongings;
mod beside;
mod conditions;
mod drift;
mod holders;
mod lock_timeouts;
mod one_by_one;
mod options;
mod revert;
mod rolling;
mod session;
mod waiting;

atlas_migrate_tests::on_every_version!();
