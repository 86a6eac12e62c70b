//! What nobody needs any more goes, with several processes at it, and whatever happens meanwhile.

use atlas_migrate_tests::wait_for;
use postgres::{Client, NoTls};

use crate::place::{Files, LIMIT, MIGRATIONS, Place};

/// The comment of a template that was used last so many days ago.
fn used(days: u32) -> String {
    format!("'atlas-migrate: used ' || to_char(current_date - {days}, 'YYYY-MM-DD')")
}

/// Gives a database a comment, in a transaction of the caller's if there is one.
fn comment(client: &mut Client, database: &str, text: &str) {
    let sql = format!("DO $$BEGIN EXECUTE format('COMMENT ON DATABASE {database} IS %L', {text}); END$$");
    client.batch_execute(&sql).unwrap();
}

/// Databases that are left of processes that have gone, and that nobody can drop yet: each with a transaction that is in the
/// way.
struct Leftovers {
    held: Vec<(String, Client)>,
}

impl Leftovers {
    fn of_tests(place: &Place, count: usize) -> Self {
        let names = (1..=count).map(|number| format!("atlas_test_{number:016x}"));
        let made = names.inspect(|name| drop(place.query(&format!("CREATE DATABASE {name}")))).collect::<Vec<_>>();
        Self::held(place, made.into_iter().map(|name| (name, "''".to_owned())))
    }

    fn held(place: &Place, databases: impl IntoIterator<Item = (String, String)>) -> Self {
        let hold = |(name, text): (String, String)| {
            let mut client = Client::connect(&place.url(), NoTls).unwrap();
            client.batch_execute("BEGIN").unwrap();
            comment(&mut client, &name, &text);
            (name, client)
        };
        Self { held: databases.into_iter().map(hold).collect() }
    }

    /// Waits until a process is about to drop one of them, and gives the others.
    fn others(&self, place: &Place) -> Vec<String> {
        let about = "SELECT d.datname FROM pg_locks l JOIN pg_database d ON l.objid = d.oid
                     WHERE l.classid = 'pg_database'::regclass AND l.mode = 'AccessExclusiveLock' AND NOT l.granted";
        let first = wait_for("a process that drops what is left", LIMIT, || place.query(about).pop());
        self.held.iter().map(|(name, _)| name.clone()).filter(|name| *name != first).collect()
    }

    /// Lets go of one, which may have another comment then.
    fn release(&mut self, name: &str, text: Option<&str>) {
        let Some(index) = self.held.iter().position(|(held, _)| held == name) else { panic!("{name} is not held") };
        let (name, mut client) = self.held.swap_remove(index);
        text.into_iter().for_each(|text| comment(&mut client, &name, text));
        client.batch_execute("COMMIT").unwrap();
    }

    fn release_all(self) {
        self.held.into_iter().for_each(|(_, mut client)| client.batch_execute("COMMIT").unwrap());
    }
}

#[test]
fn what_changed_after_the_look() {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    let mut leftovers = Leftovers::of_tests(&place, 3);
    let sweeper = place.start(&files, 1, "drop");
    let others = leftovers.others(&place);
    let [kept, removed] = others.as_slice() else { panic!("{others:?}") };
    leftovers.release(kept, Some("'atlas-migrate: kept'"));
    leftovers.release(removed, None);
    place.query(&format!("DROP DATABASE {removed}"));
    leftovers.release_all();
    sweeper.outcome().assert_passed(1);
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [kept.as_str()]);
    place.assert_no_errors();
}

#[test]
fn templates_that_were_used_after_the_look() {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    let names = ["atlas_template_0000000000000001", "atlas_template_0000000000000002"];
    names.iter().for_each(|name| drop(place.query(&format!("CREATE DATABASE {name}"))));
    names.iter().for_each(|name| comment(&mut Client::connect(&place.url(), NoTls).unwrap(), name, &used(8)));
    let mut leftovers = Leftovers::held(&place, names.map(|name| (name.to_owned(), used(8))));
    let sweeper = place.start(&files, 1, "drop");
    let others = leftovers.others(&place);
    let [template] = others.as_slice() else { panic!("{others:?}") };
    leftovers.release(template, Some(&used(0)));
    leftovers.release_all();
    sweeper.outcome().assert_passed(1);
    place.settle();
    assert_eq!(place.databases("^atlas_template_0{8}"), [template.as_str()]);
    place.assert_no_errors();
}

#[test]
fn another_does_not_wait_and_leaves_it_alone() {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    let leftovers = Leftovers::of_tests(&place, 3);
    let sweeper = place.start(&files, 1, "drop");
    leftovers.others(&place);
    place.pass(&files);
    assert_eq!(place.databases("^atlas_test_").len(), 3);
    leftovers.release_all();
    sweeper.outcome().assert_passed(1);
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
    place.assert_no_errors();
}

#[test]
fn eight_at_once() {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    Leftovers::of_tests(&place, 30).release_all();
    let processes: Vec<_> = (0..8).map(|_| place.start(&files, 2, "drop")).collect();
    processes.into_iter().for_each(|process| process.outcome().assert_passed(2));
    place.settle();
    place.pass(&files);
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
    place.assert_no_errors();
}

/// The one that removes it makes it anew, and others wait for that, and not for the end of its test.
#[test]
fn an_old_template_that_two_processes_need() {
    let (place, files) = (Place::new(), Files::new(&MIGRATIONS));
    place.pass(&files);
    place.settle();
    let template = place.age_template(8);
    let leftovers = Leftovers::held(&place, [(template.clone(), used(8))]);
    let sweeper = place.start(&files, 1, "hang");
    assert_eq!(leftovers.others(&place), [""; 0]);
    let waiter = place.start(&files, 1, "drop");
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    wait_for("a process that waits for the template", LIMIT, || (place.query(waits) == ["1"]).then_some(()));
    leftovers.release_all();
    waiter.outcome().assert_passed(1);
    sweeper.kill();
    place.settle();
    assert_eq!(place.databases("^atlas_template_"), [template]);
    assert_eq!(place.logged("CREATE DATABASE \"atlas_draft_"), 2);
    place.assert_no_errors();
}
