//! Makes cargo notice new migrations, seeds and checks.

fn main() {
    for folder in ["../migrations", "library/migrations"] {
        atlas_migrate::build::track(folder);
    }
    for folder in ["seeds", "checks", "benchmarks"] {
        atlas_migrate::build::track(&format!("quickstart/{folder}"));
    }
    atlas_migrate::build::track("opchat/benchmarks");
    for system in ["atlast", "logikids", "erc8004", "opchat"] {
        for folder in ["migrations", "seeds", "checks"] {
            atlas_migrate::build::track(&format!("{system}/{folder}"));
        }
    }
}
