//! Seeds load again when what they loaded has gone.

use atlas_migrate::seed::{Seeder, Seeds};

use super::*;

const TABLES: &str =
    "CREATE TABLE countries (id int PRIMARY KEY); CREATE TABLE users (id int PRIMARY KEY); CREATE SCHEMA jobs;
    CREATE TABLE jobs.kinds (id int PRIMARY KEY); CREATE TABLE log (id serial PRIMARY KEY, what text)";
const FILES: [(&str, &str); 4] = [
    ("010_countries.csv", "id\n1\n"),
    ("020_users.json", "[{\"id\": 1}]"),
    ("030_jobs.kinds.csv", "id\n1\n2\n"),
    ("040_log.sql", "INSERT INTO log (what) VALUES ('loaded')"),
];

#[track_caller]
fn check(cleaner: &Cleaner, forgotten: &[&str]) {
    let database = Database::new();
    database.query(TABLES);
    let mut connection = Driver::Deadpool.connect(&database.url());
    let seeder = Seeder::new(Seeds::from_files("seeds", FILES).unwrap(), "dev");
    connection.seed(&seeder).unwrap();
    let before = filled(&database);
    let plan = connection.plan_clean(cleaner).unwrap();
    let report = connection.clean(cleaner).unwrap();
    assert_eq!((plan.seeds(), report.seeds()), (forgotten.len(), forgotten.len()), "{cleaner:?}");
    let again = connection.seed(&seeder).unwrap();
    assert_eq!(again.seeds().iter().map(|seeded| seeded.name()).collect::<Vec<_>>(), forgotten, "{cleaner:?}");
    assert_eq!(filled(&database), before, "{cleaner:?}");
}

#[test]
fn load_again() {
    check(&Cleaner::new(), &["010_countries.csv", "020_users.json", "030_jobs.kinds.csv", "040_log.sql"]);
    check(&Cleaner::new().keep(["countries"]), &["020_users.json", "030_jobs.kinds.csv", "040_log.sql"]);
    check(&Cleaner::new().schemas(["public"]), &["010_countries.csv", "020_users.json", "040_log.sql"]);
    check(&Cleaner::new().tables(["users", "kinds"]), &["020_users.json", "030_jobs.kinds.csv"]);
}
