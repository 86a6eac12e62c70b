//! One suite, every driver.

mod at_once;
mod basics;
mod belongings;
mod beside;
mod conditions;
mod drift;
mod first_day;
mod gone;
mod holders;
mod lock_timeouts;
mod one_by_one;
mod options;
mod repeatables;
mod revert;
mod rolling;
mod session;
mod taken;
mod turns;
mod waiting;

atlas_migrate_tests::on_every_version!();
