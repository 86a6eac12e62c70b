//! A server with TLS, and roles that may log in by one way only.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use atlas_migrate::ephemeral::Server;
use atlas_migrate_tests::{Database, wait_for};

use crate::certificates::{Authority, Signed};

/// Which role logs in how.
const LOGINS: &str = "local all all trust
host all postgres 127.0.0.1/32 trust
hostssl all only_tls 127.0.0.1/32 trust
hostnossl all only_plain 127.0.0.1/32 trust
hostssl all by_certificate 127.0.0.1/32 cert
host all by_password 127.0.0.1/32 scram-sha-256
";

/// What `by_password` logs in with.
pub(crate) const PASSWORD: &str = "it's a:secret\\";

pub(crate) struct Secure {
    pub(crate) server: Server,
    /// Signed the certificate of the server, which is for `localhost` alone.
    pub(crate) authority: Authority,
}

impl Secure {
    /// The one of this process.
    pub(crate) fn get() -> &'static Self {
        static SECURE: LazyLock<Secure> = LazyLock::new(Secure::start);
        &SECURE
    }

    #[track_caller]
    fn start() -> Self {
        let options =
            Server::options().setting("log_line_prefix", "%d [%p] ").setting("max_prepared_transactions", "2");
        let server = options.private().unwrap_or_else(|error| panic!("no server to test on: {error}"));
        let secure = Self { server, authority: Authority::new("an authority") };
        let database = secure.database();
        let folder = PathBuf::from(database.value("SHOW data_directory"));
        let Signed { certificate, key } = secure.authority.sign("localhost", &["localhost"]);
        for (name, text) in [
            ("server.crt", certificate.as_str()),
            ("server.key", &key),
            ("root.crt", &secure.authority.certificate()),
            ("pg_hba.conf", LOGINS),
        ] {
            write_as_owner(&folder, name, text);
        }
        let roles =
            ["only_tls", "only_plain", "by_certificate"].map(|role| format!("CREATE ROLE {role} LOGIN SUPERUSER"));
        let password = PASSWORD.replace('\'', "''");
        database.query(&format!("{}; CREATE ROLE by_password LOGIN SUPERUSER PASSWORD '{password}'", roles.join("; ")));
        for setting in ["ssl = on", "ssl_ca_file = 'root.crt'"] {
            database.query(&format!("ALTER SYSTEM SET {setting}"));
        }
        database.query("SELECT pg_reload_conf()");
        wait_for("the server to have TLS", Duration::from_secs(30), || {
            (database.value("SHOW ssl") == "on").then_some(())
        });
        secure
    }

    pub(crate) fn database(&self) -> Database {
        Database::on(&self.server)
    }
}

/// Writes a file that only the owner of its folder may read: the server refuses others.
#[track_caller]
fn write_as_owner(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    let owner = fs::metadata(folder).unwrap();
    let written = fs::write(&path, text)
        .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o600)))
        .and_then(|()| chown(&path, Some(owner.uid()), Some(owner.gid())));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
