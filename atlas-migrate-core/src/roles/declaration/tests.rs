use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn faults(text: &str) -> String {
    let faults = read("atlas-migrate.toml", text).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

const WHOLE: &str = r#"
owner = "shop_owner"
migrators = ["shop_migrator", { name = "Robot" }]
applications = [{ name = "shop", password-env = "SHOP_PASSWORD" }]
read-only = ["shop_reports"]
schemas = ["public", "Shop"]

[[grants]]
role = "shop"
privilege = "truncate"
on = 'shop."Queue"'

[[grants]]
role = "shop"
privilege = "USAGE"
on = "sequence shop.numbers"

[[grants]]
role = "shop"
privilege = "EXECUTE"
on = "routine shop.f"

[[grants]]
role = "shop"
privilege = "CREATE"
on = "schema Shop"

[[grants]]
role = "shop"
privilege = "TEMPORARY"
on = "database"
"#;

#[test]
fn every_setting() {
    assert_snapshot!(format!("{:#?}", read("roles.toml", WHOLE).unwrap()));
}

#[test]
fn a_table_of_a_larger_file() {
    let larger = format!("source = \"migrations\"\n[roles]\n{}", WHOLE.replace("[[grants]]", "[[roles.grants]]"));
    assert_eq!(read("atlas-migrate.toml", &larger), read("roles.toml", WHOLE));
    let least = read("roles.toml", "owner = 'o'").unwrap();
    assert_eq!((least.owner.as_str(), least.schemas), ("o", None));
}

#[test]
fn what_is_wrong() {
    assert_snapshot!(
        "of_the_whole",
        [
            faults("owner = "),
            faults("migrators = []"),
            faults("[roles]\nmigrators = []"),
            faults("roles = 1"),
            faults("owner = 'o'\nmigrater = ['m']\nanything = 1"),
        ]
        .join("\n")
    );
    assert_snapshot!(
        "of_logins",
        [
            faults("owner = 1\nmigrators = 'm'\nread-only = [1, '']"),
            faults("owner = 'o'\napplications = [{ name = 'a', password = 'secret' }, { password-env = 'A' }]"),
            faults("owner = 'o'\nmigrators = ['m']\nread-only = ['m', { name = 'o' }]"),
        ]
        .join("\n")
    );
    assert_snapshot!(
        "of_grants",
        [
            faults("owner = 'o'\ngrants = ['a', {}]"),
            faults("owner = 'o'\n[[grants]]\nrole = 'a'\nprivilege = 'trunkate'\non = 'queue'"),
            faults("owner = 'o'\n[[grants]]\nrole = 'a'\nprivilege = 'SELECT'\non = 'schema a.b'"),
        ]
        .join("\n")
    );
}

/// Neither what it is nor any of the hints; also where something else on the same line is wrong.
#[test]
fn a_password_is_not_shown() {
    let text = "[roles]\nowner = 1\napplications = [{ password = 'geheim§', name = 1 }, { name = 'a', passwort = '''ge\nheim''' }]\nschemas = 1";
    let faults = faults(text);
    assert!(faults.contains("unknown setting `password`") && faults.contains("malformed `name`"), "{faults}");
    assert!(!faults.contains("geheim") && !faults.contains("heim"), "{faults}");
    assert!(faults.contains("atlas-migrate.toml:5:11"), "{faults}");
}

proptest! {
    #[test]
    fn nothing_panics(text in "((owner|migrators|grants|read-only|on|role|password)|[ =\"'\\[\\]{},.\n§a-c]){0,40}") {
        let _read = read("a.toml", &text);
    }
}
