//! Foreign keys order the tables.

use super::*;

every_driver! {
    fn referenced_first(driver) {
        let (database, mut connection) = with(driver, "CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE chats (id int PRIMARY KEY, owner int NOT NULL REFERENCES users);
            CREATE TABLE messages (id int PRIMARY KEY, chat int REFERENCES chats, author int REFERENCES users, reply_to int REFERENCES messages)");
        let set = seeder(&[
            ("010_messages.csv", "id,chat,author,reply_to\n1,1,1,2\n2,1,2,\n"),
            ("020_chats.json", r#"[{"id": 1, "owner": 2}]"#),
            ("dev/005_users.csv", "id\n1\n2\n"),
        ]);
        assert_eq!(loaded(&mut connection, &set), ["dev/005_users.csv 2", "020_chats.json 1", "010_messages.csv 2"]);
        assert_eq!(database.value("SELECT count(*) FROM messages"), "2");
    }

    fn circles(driver) {
        let (database, mut connection) = with(driver, "CREATE TABLE teams (id int PRIMARY KEY, lead int NOT NULL);
            CREATE TABLE people (id int PRIMARY KEY, team int NOT NULL REFERENCES teams, note text DEFAULT 'x');
            ALTER TABLE teams ADD FOREIGN KEY (lead) REFERENCES people");
        let set = |name: &str| seeder(&[
            ("teams.csv", "id,lead\n1,10\n2,20\n"),
            ("people.json", &format!(r#"[{{"id": 10, "team": 2, "note": "{name}"}}, {{"id": 20, "team": 1, "note": null}}]"#)),
            ("people.json.toml", "existing = \"update\"\nkey = [\"id\"]"),
        ]);
        assert_eq!(loaded(&mut connection, &set("a")), ["people.json 2", "teams.csv 2"]);
        // The one that has changed alone.
        assert_eq!(loaded(&mut connection, &set("b")), ["people.json 2"]);
        assert_eq!(database.value("SELECT note FROM people WHERE id = 10"), "b");
        let error = connection.seed(&seeder(&[("010_teams.csv", "id,lead\n3,30\n"), ("020_people.csv", "id,team\n30,4\n")])).unwrap_err();
        assert_eq!(error.position(), Some(("seeds/020_people.csv", 2, 4)), "{error}");
        assert_eq!(database.value("SELECT count(*) FROM teams"), "2");
    }
}
