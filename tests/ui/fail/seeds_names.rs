mod seeds {
    atlas_migrate::embed_seeds!("seeds/names");
}

fn main() {
    let _ = &seeds::SEEDS;
}
