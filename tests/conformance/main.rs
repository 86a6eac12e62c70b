//! One suite, every driver.

/// Makes a test of each case for each driver: `fresh::sqlx_pool`, `fresh::postgres` and so on.
macro_rules! every_driver {
    ($($(#[$attribute:meta])* fn $case:ident($driver:ident) $body:block)*) => {
        $(
            $(#[$attribute])*
            mod $case {
                use super::*;

                fn case($driver: Driver) $body

                #[test]
                fn sqlx_pool() {
                    case(Driver::SqlxPool);
                }

                #[test]
                fn sqlx_connection() {
                    case(Driver::SqlxConnection);
                }

                #[test]
                fn tokio_postgres() {
                    case(Driver::TokioPostgres);
                }

                #[test]
                fn deadpool() {
                    case(Driver::Deadpool);
                }

                #[test]
                fn postgres() {
                    case(Driver::Postgres);
                }
            }
        )*
    };
}

mod basics;
mod belongings;
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
