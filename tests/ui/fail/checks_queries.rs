mod checks {
    atlas_migrate::embed_checks!("checks/queries");
}

fn main() {
    let _ = &checks::CHECKS;
}
