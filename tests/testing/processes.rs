//! Many processes on one server.

use std::collections::BTreeSet;

use crate::place::{Files, MIGRATIONS, Place};

#[test]
fn eight_of_them_with_25_databases_each() {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    let processes: Vec<_> = (0..8).map(|_| place.start(&files, 25, "drop")).collect();
    let outcomes: Vec<_> = processes.into_iter().map(|process| process.outcome()).collect();
    outcomes.iter().for_each(|outcome| outcome.assert_passed(25));
    let databases: BTreeSet<_> = outcomes.iter().flat_map(|outcome| &outcome.databases).collect();
    assert_eq!(databases.len(), 200, "each has its own");

    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
    assert_eq!(place.databases("^atlas_template_").len(), 1);
    assert!(place.databases("^atlas_spare_").len() <= 4, "{:?}", place.databases("^atlas_spare_"));
    assert_eq!(place.logged("CREATE DATABASE \"atlas_draft_"), 1, "the template is made once");
    place.assert_no_errors();
}

#[test]
fn one_after_another_use_what_was_made_ahead() {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    for _ in 0..4 {
        place.start(&files, 1, "wait").outcome().assert_passed(1);
        place.settle();
    }
    assert_eq!(place.logged("ALTER DATABASE \"atlas_spare_"), 3);
    assert_eq!(place.logged("CREATE DATABASE \"atlas_test_"), 1);
    assert_eq!(place.logged("CREATE DATABASE \"atlas_draft_"), 1);
    place.assert_no_errors();
}
