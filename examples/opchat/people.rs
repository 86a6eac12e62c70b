//! The users.

use atlas_migrate::seed::{Cells, ChaCha8Rng, Generate, uuid};
use fake::Fake;
use fake::faker::name::en::{FirstName, LastName};
use uuid::Uuid;

use crate::world::USERS;

/// The id of a user.
pub fn id(number: u64) -> Uuid {
    uuid(&format!("user {number}"))
}

/// The users, whose names are made up.
pub struct Users;

impl Generate for Users {
    fn table(&self) -> &str {
        "users"
    }

    fn columns(&self) -> &[&str] {
        &["id", "username", "display_name", "created_at"]
    }

    fn rows(&self) -> u64 {
        USERS
    }

    fn row(&self, number: u64, random: &mut ChaCha8Rng, cells: &mut Cells<'_>) {
        let first: String = FirstName().fake_with_rng(random);
        let last: String = LastName().fake_with_rng(random);
        cells.push(id(number));
        cells.push(format_args!("{}{number}", first.to_lowercase()));
        cells.push(format_args!("{first} {last}"));
        cells.push(format_args!("2025-12-{:02} 09:00:00+00", 1 + number % 28));
    }
}
