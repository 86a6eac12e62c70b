//! Makes cargo notice new migrations and seeds.

fn main() {
    atlas_migrate::build::track("../migrations");
    atlas_migrate::build::track("../seeds");
    atlas_migrate::build::track("library/migrations");
    for folder in ["opchat/migrations", "opchat/seeds", "opchat/checks", "opchat/benchmarks"] {
        atlas_migrate::build::track(folder);
    }
}
