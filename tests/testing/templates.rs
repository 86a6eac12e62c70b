//! What databases of tests are copied from.

use insta::assert_snapshot;

use crate::place::{Files, MIGRATIONS, Place, Tester};

const CHANGED: [(&str, &str); 3] =
    [MIGRATIONS[0], MIGRATIONS[1], ("3_more.sql", "INSERT INTO users (name) VALUES ('Bob') /* again */;")];

/// Files, and the name of the history table if it is not the usual one.
type Set<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);

/// How many templates there are after tests with each of these, in this order.
#[track_caller]
fn check(sets: &[Set<'_>], expected: usize) {
    let place = Place::new();
    for (files, table) in sets {
        let files = Files::new(files);
        let folder = files.folder();
        let arguments = ["1", &folder, "drop"].into_iter().chain(*table);
        Tester::start(&place.url(), &arguments.collect::<Vec<_>>()).outcome().assert_passed(1);
    }
    place.settle();
    assert_eq!(place.databases("^atlas_template_").len(), expected);
    assert_eq!(place.logged("CREATE DATABASE \"atlas_draft_"), expected);
    place.assert_no_errors();
}

#[test]
fn one_for_the_same_migrations() {
    check(&[(&MIGRATIONS, None), (&MIGRATIONS, None)], 1);
}

#[test]
fn another_for_changed_migrations() {
    check(&[(&MIGRATIONS, None), (&CHANGED, None), (&MIGRATIONS, None)], 2);
}

#[test]
fn another_for_other_options() {
    check(&[(&MIGRATIONS, None), (&MIGRATIONS, Some("another_history")), (&MIGRATIONS, None)], 2);
}

/// Whether a template stays that was used last so many days ago, when something else is tested, with its copies.
#[track_caller]
fn check_age(days: u32, stays: bool) {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    place.start(&files, 1, "wait").outcome().assert_passed(1);
    place.settle();
    let old = place.age_template(days);
    let spares = format!("^atlas_spare_{}_", old.trim_start_matches("atlas_template_"));
    assert_eq!(place.databases(&spares).len(), 1);

    let changed = Files::new(&CHANGED);
    place.pass(&changed);
    place.pass(&changed);
    place.settle();
    assert_eq!(place.databases("^atlas_template_").contains(&old), stays);
    assert_eq!(place.databases(&spares).len(), usize::from(stays));
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
    place.assert_no_errors();
}

#[test]
fn gone_after_a_week() {
    check_age(8, false);
}

#[test]
fn there_for_a_week() {
    check_age(7, true);
}

#[test]
fn used_again_after_a_while() {
    for days in [3, 30] {
        let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
        place.pass(&files);
        place.settle();
        let template = place.age_template(days);
        place.pass(&files);
        place.settle();
        let comment = format!(
            "SELECT shobj_description(oid, 'pg_database') = 'atlas-migrate: used ' || to_char(current_date, 'YYYY-MM-DD')
             FROM pg_database WHERE datname = '{template}'"
        );
        assert_eq!(place.query(&comment), ["t"], "used after {days} days");
        assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
        place.assert_no_errors();
    }
}

#[test]
fn of_migrations_that_fail() {
    let place = Place::new();
    let files = Files::new(&[MIGRATIONS[0], ("2_broken.sql", "CREATE TABLE a (id int);\nSELECT 1 / 0;\n")]);
    for _ in 0..2 {
        let outcome = place.start(&files, 1, "drop").outcome();
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert_snapshot!("failing_migration", outcome.stderr.replace(&files.folder(), "migrations"));
    }
    place.settle();
    assert_eq!(place.databases("^atlas_"), [""; 0]);
}
