mod number {
    atlas_migrate::embed_seeds!(1);
}

mod absolute {
    atlas_migrate::embed_seeds!("/seeds");
}

mod no_such_folder {
    atlas_migrate::embed_seeds!("sedes");
}

fn main() {}
