//! A folder of seeds becomes a `static`, a builder and a function, whatever the formats.

mod seeds {
    atlas_migrate::embed_seeds!("seeds/embedded");
}

use atlas_migrate::seed::Environment;

fn main() {
    let _: &'static atlas_migrate::seed::Seeds = &seeds::SEEDS;
    let _: atlas_migrate::seed::Seeder = seeds::seeder(Environment::named("dev"));
}
