mod migrations {
    atlas_migrate::embed_migrations!("migrations/numbered");
}

/// As a program has it whose sqlx is of another version.
mod sqlx {
    pub struct PgPool;
}

fn main() {
    let pool = sqlx::PgPool;
    let _applied = migrations::run(&pool);
}
