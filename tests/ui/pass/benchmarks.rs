//! A folder of benchmarks becomes a `static`, a builder and a function.

mod benchmarks {
    atlas_migrate::embed_benchmarks!("benchmarks/embedded");
}

fn main() {
    let _: &'static atlas_migrate::bench::Benchmarks = &benchmarks::BENCHMARKS;
    let _: atlas_migrate::bench::Bencher = benchmarks::bencher();
}
