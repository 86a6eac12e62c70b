//! Makes cargo notice new migrations, seeds and checks.

fn main() {
    atlas_migrate::build::track("../migrations");
    atlas_migrate::build::track("../seeds");
    atlas_migrate::build::track("library/migrations");
    for example in ["atlast", "logikids", "erc8004"] {
        for folder in ["migrations", "seeds", "checks"] {
            atlas_migrate::build::track(&format!("{example}/{folder}"));
        }
    }
    atlas_migrate::build::track("opchat/migrations");
}
