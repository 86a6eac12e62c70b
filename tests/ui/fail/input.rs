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

fn main() {}
