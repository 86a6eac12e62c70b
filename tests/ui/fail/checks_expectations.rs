mod checks {
    atlas_migrate::embed_checks!("checks/expectations");
}

fn main() {
    let _ = &checks::CHECKS;
}
