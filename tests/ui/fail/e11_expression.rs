fn main() {
    let _migrations = atlas_migrate::embed_migrations!("migrations/flyway");
    let _seeds = atlas_migrate::embed_seeds!("seeds/embedded");
}
