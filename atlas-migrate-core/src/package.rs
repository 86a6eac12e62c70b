//! What `cargo package` takes along.

/// What is to be said of a folder outside of its package, if the package is one that is published.
///
/// `folder` is relative to the package's manifest, whose text `manifest` is; `workspaces` are the texts of the manifests in
/// the folders above it, from the nearest on.
pub fn left_out(folder: &str, manifest: &str, workspaces: &[String]) -> Option<String> {
    let inherited = || workspaces.iter().find_map(|text| setting(text, "[workspace.package]"));
    let publish = match setting(manifest, "[package]") {
        Some(Publish::Inherited) => inherited(),
        publish => publish,
    };
    (publish != Some(Publish::No)).then(|| {
        format!(
            "{folder} lies outside of the package, so that `cargo package` leaves it out: move it below Cargo.toml, or write \
             `publish = false` there if the crate is not published"
        )
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Publish {
    Yes,
    No,
    Inherited,
}

/// What a section of a manifest says of `publish`, read line by line as manifests are written.
fn setting(manifest: &str, section: &str) -> Option<Publish> {
    let lines = manifest.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let of_section = lines.skip_while(|line| *line != section).skip(1).take_while(|line| !line.starts_with('['));
    of_section.filter_map(|line| line.split_once('=')).find_map(|(key, value)| {
        let value: String = value.split_whitespace().collect();
        match (key.trim(), value.as_str()) {
            ("publish", "false" | "[]") => Some(Publish::No),
            ("publish.workspace", "true") | ("publish", "{workspace=true}") => Some(Publish::Inherited),
            ("publish", _) => Some(Publish::Yes),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(manifest: &str, workspaces: &[&str], is_said: bool) {
        let workspaces: Vec<String> = workspaces.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(left_out("../m", manifest, &workspaces).is_some(), is_said, "{manifest}");
    }

    #[test]
    fn e14_of_packages_that_are_published() {
        check("[package]\nname = \"a\"\n", &[], true);
        check("[package]\npublish = true\n", &[], true);
        check("[package]\npublish = [\"mine\"]\n", &[], true);
        check("[package]\nname = \"a\"\npublish = false # never\n[dependencies]\n", &[], false);
        check("[package]\npublish=[ ]\n", &[], false);
        check("[package]\nname = \"a\"\n[package.metadata]\npublish = false\n", &[], true);
        let workspace = "[workspace]\nmembers = []\n\n[workspace.package]\npublish = false\n";
        check("[package]\npublish.workspace = true\n", &["[package]\n", workspace], false);
        check("[package]\npublish = { workspace = true }\n", &[workspace], false);
        check("[package]\npublish.workspace = true\n", &[], true);
        check("[package]\n", &[workspace], true);
    }
}
