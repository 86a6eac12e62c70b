mod benchmarks {
    atlas_migrate::embed_benchmarks!("benchmarks/broken");
}

fn main() {
    let _ = &benchmarks::BENCHMARKS;
}
