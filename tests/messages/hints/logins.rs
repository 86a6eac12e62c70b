//! Hints about connections that are not made lead out.

use super::verbs::Login;
use super::*;

#[test]
fn connections() {
    let case = Case::new();
    let url = case.database.url();
    let name = case.database.value("SELECT current_database()");
    let set = migrator(&[A]);
    let nowhere = url.replace(&name, "of_another_world");
    let error = Driver::SqlxPool.connect(&nowhere).run(&set).unwrap_err();
    leads_out(&error, "create the database, or connect to another one", &mut || {
        Driver::SqlxPool.connect(&url).run(&set).map(drop)
    });
    let error = Driver::Deadpool.connect("postgresql://me@127.0.0.1:1/db").run(&set).unwrap_err();
    let hint = "check that the server is running, that host, port and credentials of the URL are right, and that a pool has connections to spare";
    leads_out(&error, hint, &mut || Driver::Deadpool.connect(&url).run(&set).map(drop));
    let login = Login::new(&case.database);
    let url_of_login = case.database.url_as(&login.name);
    case.database.query(&format!("ALTER ROLE {} NOLOGIN", login.name));
    let error = Driver::SqlxPool.connect(&url_of_login).run(&set).unwrap_err();
    let hint = "connect as a role that may log in, or let this one: ALTER ROLE … LOGIN";
    leads_out(&error, hint, &mut || {
        case.database.query(&format!("ALTER ROLE {} LOGIN; GRANT SELECT ON schema_migrations TO {0}", login.name));
        Driver::SqlxPool.connect(&url_of_login).run(&set).map(drop)
    });
    let owner = case.database.value("SELECT current_database()");
    case.database.query(&format!("REVOKE CONNECT ON DATABASE {owner} FROM PUBLIC"));
    let error = Driver::SqlxPool.connect(&url_of_login).check(&set).unwrap_err();
    leads_out(&error, "let the role in, with GRANT CONNECT ON DATABASE …, or connect as another one", &mut || {
        case.database.query(&format!("GRANT CONNECT ON DATABASE {owner} TO {}", login.name));
        Driver::SqlxPool.connect(&url_of_login).check(&set)
    });
    let nobody = case.database.url_as("of_another_world");
    let error = Driver::SqlxPool.connect(&nobody).run(&set).unwrap_err();
    leads_out(&error, "create the role, or connect as another one", &mut || {
        Driver::SqlxPool.connect(&url).run(&set).map(drop)
    });
}
