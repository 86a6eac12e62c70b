//! Makes cargo notice new migrations.

fn main() {
    atlas_migrate::build::track("../migrations");
    atlas_migrate::build::track("library/migrations");
}
