fn main() {
    let _migrations = atlas_migrate::embed_migrations!("migrations/flyway");
}
