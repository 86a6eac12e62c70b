mod benchmarks {
    atlas_migrate::embed_benchmarks!("benchmarks/twice");
}

fn main() {
    let _ = &benchmarks::BENCHMARKS;
}
