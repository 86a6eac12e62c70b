mod seeds {
    atlas_migrate::embed_seeds!("seeds/policy");
}

fn main() {
    let _ = &seeds::SEEDS;
}
