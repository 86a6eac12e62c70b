//! Processes that are killed, and what the next one finds.

use atlas_migrate_tests::wait_for;

use crate::place::{Files, LIMIT, MIGRATIONS, Place, Tester};

/// Takes long enough to be killed at. Nobody may use what it has not come to the end of.
const SLOW: [(&str, &str); 3] = [MIGRATIONS[0], ("2_slow.sql", "SELECT pg_sleep(3);"), MIGRATIONS[2]];

/// Starts one, and waits until it is in the middle of making the template.
#[track_caller]
fn in_the_middle(place: &Place, files: &Files) -> Tester {
    let mut maker = place.start(files, 1, "drop");
    let asleep = "SELECT 1 FROM pg_stat_activity WHERE datname LIKE 'atlas\\_draft\\_%' AND wait_event = 'PgSleep'";
    wait_for("a migration that sleeps", LIMIT, || {
        maker.assert_alive();
        (place.query(asleep) == ["1"]).then_some(())
    });
    maker
}

/// Waits until one has a database and uses it.
#[track_caller]
fn at_a_test(place: &Place, files: &Files) -> (Tester, String) {
    let process = place.start(files, 3, "hang");
    let used = "SELECT datname FROM pg_stat_activity WHERE datname LIKE 'atlas\\_test\\_%' AND query LIKE 'INSERT%'
                AND state = 'idle' AND now() - state_change > '0.5 s'";
    let used = wait_for("a database that is in use", LIMIT, || place.query(used).pop());
    (process, used)
}

#[test]
fn while_it_makes_the_template_another_waits() {
    let (place, files) = (Place::new(), Files::new(&SLOW));
    let maker = in_the_middle(&place, &files);
    let waiter = place.start(&files, 1, "drop");
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    wait_for("a process that waits for the template", LIMIT, || (place.query(waits) == ["1"]).then_some(()));
    maker.kill();
    waiter.outcome().assert_passed(1);
    assert_eq!(place.logged("CREATE DATABASE \"atlas_draft_"), 2);

    // Its last sessions may have what is left in hand, and not come to remove it.
    place.settle();
    place.pass(&files);
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
    assert_eq!(place.databases("^atlas_template_").len(), 1);
}

#[test]
fn while_it_makes_the_template_and_nobody_waits() {
    let (place, files) = (Place::new(), Files::new(&SLOW));
    let maker = in_the_middle(&place, &files);
    maker.kill();
    assert_eq!(place.databases("^atlas_(draft|template)_").len(), 1);
    place.pass(&files);
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
}

#[test]
fn while_it_has_a_database() {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    let (process, used) = at_a_test(&place, &files);
    place.pass(&files);
    assert_eq!(place.databases("^atlas_test_"), [used.as_str()], "what is in use is left alone");

    process.kill();
    wait_for("the end of the session of a process that was killed", LIMIT, || {
        let sessions = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
        (place.query(sessions) == ["0"]).then_some(())
    });
    assert_eq!(place.databases("^atlas_test_"), [used.as_str()]);
    place.pass(&files);
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
    assert!(place.databases("^atlas_spare_").len() <= 4);
    place.assert_no_errors();
}

#[test]
fn while_several_have_databases() {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    let processes: Vec<_> = (0..6).map(|_| place.start(&files, 2, "hang")).collect();
    let used = "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'atlas\\_test\\_%'";
    wait_for("six processes with databases", LIMIT, || (place.query(used) == ["6"]).then_some(()));
    processes.into_iter().for_each(Tester::kill);
    let processes: Vec<_> = (0..4).map(|_| place.start(&files, 2, "drop")).collect();
    processes.into_iter().for_each(|process| process.outcome().assert_passed(2));
    // A lock may have been held a moment longer than the process lived.
    place.settle();
    place.pass(&files);
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
    assert!(place.databases("^atlas_spare_").len() <= 4);
}
