//! Copies of a template that are made ahead, while a test runs.

use std::thread;

use super::maintenance::Maintenance;
use crate::Error;
use crate::testing::sql;
use crate::testing::sql::Number;

/// So many of a template at the most.
pub(super) const ENOUGH: usize = 4;

/// Makes one in the background, if there are still not enough and nobody else does. The server carries it out even if this
/// process ends meanwhile.
pub(super) fn make(url: String, template: Number) {
    let making = move || {
        if let Err(error) = make_now(&url, template) {
            tracing::debug!(%error, "no database was made ahead");
        }
    };
    if let Err(error) = thread::Builder::new().name("atlas-migrate".to_owned()).spawn(making) {
        tracing::debug!(%error, "no thread to make a database ahead in");
    }
}

fn make_now(url: &str, template: Number) -> Result<(), Error> {
    let mut maintenance = Maintenance::for_spare(url)?;
    let spares = maintenance.send("counting databases", &sql::spares(template))?;
    if spares.rows("atlas_turn").next().is_some() && spares.rows("atlas_spare").count() < ENOUGH {
        maintenance.copy(&template.template(), &Number(crate::postgres::lock::random()).spare_of(template))?;
    }
    maintenance.send("letting others make a database ahead", &sql::unlock_all())?;
    maintenance.rest();
    Ok(())
}
