mod checks {
    atlas_migrate::embed_checks!("checks/none");
}

fn main() {
    let _ = &checks::CHECKS;
}
