mod number {
    atlas_migrate::embed_migrations!(1);
}

mod two {
    atlas_migrate::embed_migrations!("a", "b");
}

mod absolute {
    atlas_migrate::embed_migrations!("/srv/migrations");
}

mod empty {
    atlas_migrate::embed_migrations!("");
}

mod constant {
    const FOLDER: &str = "migrations";
    atlas_migrate::embed_migrations!(FOLDER);
}

mod another_macro {
    atlas_migrate::embed_migrations!(include_str!("folder"));
}

mod unset {
    atlas_migrate::embed_migrations!(concat!(env!("NO_SUCH_FOLDER", "please set it"), "/migrations"));
}

mod nowhere {
    atlas_migrate::embed_migrations!(concat!(env!("CARGO_MANIFEST_DIR"), "migrations"));
}

fn main() {}
