//! Roles that a file declares.

use atlas_migrate_core::roles::{self, Declaration, Grant};

use super::{Login, Roles};
use crate::Error;

impl Roles {
    /// What a text in TOML declares: below `[roles]`, or as a whole where there is no such table. `path` is how messages name
    /// the file.
    ///
    /// Each of `migrators`, `applications` and `read-only` is a list of names, or of names with the environment variable
    /// that has the password, which is left alone where there is no such variable.
    ///
    /// ```
    /// # fn main() -> Result<(), atlas_migrate::Error> {
    /// use atlas_migrate::roles::Roles;
    ///
    /// let roles = Roles::from_toml(
    ///     "roles.toml",
    ///     r#"
    ///     owner = "shop_owner"
    ///     migrators = ["shop_migrator"]
    ///     applications = [{ name = "shop", password-env = "SHOP_PASSWORD" }]
    ///     read-only = ["shop_reports"]
    ///     schemas = ["public", "shop"]
    ///     keep = ["shop.prices_history"]
    ///
    ///     [[grants]]
    ///     role = "shop"
    ///     privilege = "TRUNCATE"
    ///     on = "shop.queue" # or "sequence …", "routine …", "schema …", "database"
    ///     "#,
    /// )?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source) with all that is wrong with the text, at its places.
    pub fn from_toml(path: impl AsRef<str>, text: impl AsRef<str>) -> Result<Self, Error> {
        let declaration = roles::read(path.as_ref(), text.as_ref()).map_err(|faults| Error::faults(&faults))?;
        let Declaration { owner, migrators, applications, readers, schemas, keep, grants } = declaration;
        let roles = migrators.into_iter().fold(Self::owned_by(owner), |roles, role| roles.migrator(login(role)));
        let roles = applications.into_iter().fold(roles, |roles, role| roles.application(login(role)));
        let roles = readers.into_iter().fold(roles, |roles, role| roles.read_only(login(role)));
        let roles = schemas.into_iter().fold(roles, Self::schemas).keep(keep);
        let grant = |roles: Self, Grant { role, privilege, on }| roles.grant(role, privilege, on);
        Ok(grants.into_iter().fold(roles, grant))
    }
}

fn login(declared: roles::Login) -> Login {
    let login = Login::new(declared.name);
    declared.password_env.iter().fold(login, |login, variable| login.password_from_env(variable))
}
