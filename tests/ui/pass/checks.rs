//! A folder of checks becomes a `static`, a builder and a function.

mod checks {
    atlas_migrate::embed_checks!("checks/embedded");
}

fn main() {
    let _: &'static atlas_migrate::verify::Checks = &checks::CHECKS;
    let _: atlas_migrate::verify::Verifier = checks::verifier();
}
