//! The plain API beneath the attribute.

use atlas_migrate::testing::Database;
use postgres::{Client, NoTls};

use crate::migrations::MIGRATIONS;

#[test]
fn each_is_its_own() {
    let [first, second] = [(); 2].map(|()| Database::new_blocking(&MIGRATIONS).unwrap());
    assert_ne!(first.url(), second.url());
    let mut client = Client::connect(first.url(), NoTls).unwrap();
    client.batch_execute("DROP TABLE users").unwrap();
    let mut client = Client::connect(second.url(), NoTls).unwrap();
    client.batch_execute("SELECT FROM users").unwrap();
}
