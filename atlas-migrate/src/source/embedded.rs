//! What a debug build looks for beside what it embeds.

use std::path::Path;

use super::directory;

/// The files in and below a folder that a set is made of. Where the sources are not there, as on another machine, there is
/// nothing to compare with.
pub(crate) fn files(folder: &str, is_ours: impl Fn(&str) -> bool) -> Vec<String> {
    directory::files(Path::new(folder), is_ours).map_or_else(|_| Vec::new(), |found| found.files)
}

/// Says of each file of the folder that the binary does not have it: without a build script, a new file does not rebuild.
/// `known` are the paths of those that it has.
pub(crate) fn unknown_files<'a, K: Iterator<Item = &'a str>>(
    folder: &str,
    files: &[String],
    mut known: impl FnMut() -> K,
) -> Vec<String> {
    // Its path is absolute, and theirs begin somewhere in it.
    let mut is_known = |file: &str| known().any(|path| Path::new(folder).join(file).ends_with(path));
    files
        .iter()
        .filter(|file| !is_known(file))
        .map(|file| {
            format!(
                "{file} in {folder} is not in this binary; build it again (a build script with \
                 `atlas_migrate::build::track` makes cargo do so)"
            )
        })
        .collect()
}
