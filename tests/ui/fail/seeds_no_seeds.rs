mod seeds {
    atlas_migrate::embed_seeds!("seeds/no_seeds");
}

fn main() {
    let _ = &seeds::SEEDS;
}
