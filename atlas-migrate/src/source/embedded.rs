//! What a debug build looks for beside what it embeds.

use std::path::Path;

use atlas_migrate_core::migration::Migration;

use super::directory;

/// Says of each file of the folder that the binary does not have it: without a build script, a new file does not rebuild.
pub(super) fn unknown_files(folder: &str, migrations: &[Migration]) -> Vec<String> {
    let scripts = || migrations.iter().flat_map(|migration| [Some(migration.up()), migration.down()]).flatten();
    // Where the sources are not there, as on another machine, there is nothing to compare with.
    let Ok(files) = directory::files(Path::new(folder)) else { return Vec::new() };
    // Its path is absolute, and theirs begin somewhere in it.
    let is_known = |file: &str| scripts().any(|script| Path::new(folder).join(file).ends_with(script.path()));
    files
        .iter()
        .filter(|file| file.ends_with(".sql") && !is_known(file))
        .map(|file| {
            format!(
                "{file} in {folder} is not in this binary; build it again (a build script with \
                 `atlas_migrate::build::track` makes cargo do so)"
            )
        })
        .collect()
}
