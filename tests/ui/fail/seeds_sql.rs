mod seeds {
    atlas_migrate::embed_seeds!("seeds/sql");
}

fn main() {
    let _ = &seeds::SEEDS;
}
