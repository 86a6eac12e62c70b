//! Every layout, in its order.

mod numbered {
    atlas_migrate::embed_migrations!("migrations/numbered");
}

mod flyway {
    atlas_migrate::embed_migrations!("./migrations/flyway/");
}

mod diesel {
    atlas_migrate::embed_migrations!("migrations/diesel",);
}

/// A path that the compiler makes.
mod made {
    atlas_migrate::embed_migrations!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations", "/flyway"));
}

fn paths(migrations: &atlas_migrate::Migrations) -> Vec<String> {
    let scripts = migrations.as_slice().iter().flat_map(|migration| [Some(migration.up()), migration.down()]);
    scripts.flatten().map(|script| script.path().replace("migrations/", "")).collect()
}

fn main() {
    assert_eq!(
        paths(&numbered::MIGRATIONS),
        [
            "numbered/001_users.up.sql",
            "numbered/001_users.down.sql",
            "numbered/002_items.sql",
            "numbered/010_orders.sql",
            "numbered/R__views.sql",
        ]
    );
    assert_eq!(
        paths(&flyway::MIGRATIONS),
        ["flyway/V1__users.sql", "flyway/V1.9__orders.sql", "flyway/2/V1.10__items.sql"]
    );
    assert_eq!(paths(&made::MIGRATIONS), paths(&flyway::MIGRATIONS));
    assert_eq!(
        paths(&diesel::MIGRATIONS),
        [
            "diesel/00000000000000_diesel_initial_setup/up.sql",
            "diesel/00000000000000_diesel_initial_setup/down.sql",
            "diesel/2024-01-02-000000_users/up.sql",
            "diesel/2024-01-02-000000_users/down.sql",
            "diesel/2024-01-03-000000_index/up.sql",
        ]
    );
}
