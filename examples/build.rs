//! Makes cargo notice new migrations and seeds.

fn main() {
    atlas_migrate::build::track("../migrations");
    atlas_migrate::build::track("../seeds");
    atlas_migrate::build::track("library/migrations");
    atlas_migrate::build::track("opchat/migrations");
}
