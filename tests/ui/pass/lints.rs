//! A crate that is strict with itself can have migrations.
#![deny(missing_docs, unused_qualifications, unreachable_pub, unused, warnings, rust_2018_idioms)]
#![forbid(unsafe_code)]

/// The macro's own names don't get in the way of these, or the other way round.
#[allow(dead_code, non_camel_case_types)]
pub mod migrations {
    struct Option;
    struct Some;
    struct Migration;
    struct str;
    mod core {}
    mod std {}

    atlas_migrate::embed_migrations!("migrations/numbered");
}

fn main() {
    assert_eq!(migrations::MIGRATIONS.as_slice().len(), 4);
    let _ = migrations::migrator();
}
