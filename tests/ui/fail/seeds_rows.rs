mod seeds {
    atlas_migrate::embed_seeds!("seeds/rows");
}

fn main() {
    let _ = &seeds::SEEDS;
}
