mod benchmarks {
    atlas_migrate::embed_benchmarks!("benchmarks/none");
}

fn main() {
    let _ = &benchmarks::BENCHMARKS;
}
