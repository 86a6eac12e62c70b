//! The program `pgbouncer`: found on the machine, or fetched.

use std::env;
use std::path::PathBuf;
use std::sync::LazyLock;

use atlas_migrate_tests::debian::Unpacked;

pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// Where its libraries are, if it was fetched; for `LD_LIBRARY_PATH`.
    pub(crate) libraries: Option<String>,
}

impl Program {
    /// The one of the machine. If there is none, Debian's package is unpacked.
    pub(crate) fn find() -> &'static Self {
        static FOUND: LazyLock<Program> = LazyLock::new(Program::look);
        &FOUND
    }

    fn look() -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        // Debian's place is not in everybody's PATH.
        let mut folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
        if let Some(path) = folders.find_map(|folder| Some(folder.join("pgbouncer")).filter(|path| path.is_file())) {
            return Self { path, libraries: None };
        }
        let Unpacked { root, libraries } = Unpacked::get(&["pgbouncer"]).unwrap_or_else(|reason| {
            panic!(
                "PgBouncer is neither in the PATH nor in /usr/sbin, and its Debian package could not be fetched: install \
                 it, for example with `apt-get install pgbouncer`\n{reason}"
            )
        });
        Self { path: root.join("usr/sbin/pgbouncer"), libraries: Some(libraries) }
    }
}
