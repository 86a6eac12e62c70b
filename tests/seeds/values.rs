//! What a cell becomes.

use atlas_migrate::seed::{bigint, uuid};

use super::*;

every_driver! {
    fn types(driver) {
        let (database, mut connection) = with(driver, "CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TYPE mood AS ENUM ('ok', 'good');
            CREATE TABLE t (id int, n numeric, f float8, b bool, j jsonb, js json, a text[], i int[], m mood, d positive, ts timestamptz, by bytea, aj jsonb[], v varchar(3))");
        let set = seeder(&[
            ("010_t.json", r#"[{"id": 1, "n": 12345678901234567890.1234567890, "f": 1e300, "b": true, "j": {"a": [1, null, "\"x\""]}, "js": [1,  2],
                "a": ["a", null, "b,\"c\\", ""], "i": [[1, 2], [3, 4]], "m": "good", "d": 7, "ts": "2020-01-01T00:00:00Z", "by": "\\x00ff", "aj": [{"a": 1}, "s"], "v": "abc"},
                {"id": 2, "j": "text", "js": null}]"#),
            ("020_t.csv", "id,n,f,b,j,js,a,i,m,d,ts,by,aj,v\n3,1.50,NaN,f,\"{\"\"a\"\": 1}\",[],\"{a,b}\",{1},ok,1,2020-01-01 00:00:00+00,\\xff,{},\"\"\n"),
        ]);
        loaded(&mut connection, &set);
        database.query("ALTER DATABASE postgres SET timezone = 'UTC'");
        assert_eq!(
            database.query("SELECT id, n, f, b, j, js, a, i, m, d, extract(epoch FROM ts)::bigint, by, aj, v FROM t WHERE id <> 2 ORDER BY id"),
            [
                r#"1|12345678901234567890.1234567890|1e+300|t|{"a": [1, null, "\"x\""]}|[1,  2]|{a,NULL,"b,\"c\\",""}|{{1,2},{3,4}}|good|7|1577836800|\x00ff|{"{\"a\": 1}","\"s\""}|abc"#,
                r#"3|1.50|NaN|f|{"a": 1}|[]|{a,b}|{1}|ok|1|1577836800|\xff|{}|"#,
            ]
        );
        assert_eq!(database.query("SELECT j, js IS NULL, n IS NULL, v IS NULL FROM t WHERE id = 2"), ["\"text\"|t|t|t"]);
    }

    fn labels(driver) {
        let (database, mut connection) = with(driver, "CREATE TABLE users (id uuid PRIMARY KEY, name text); CREATE TABLE posts (id bigserial PRIMARY KEY, author uuid REFERENCES users, friends uuid[])");
        let set = seeder(&[
            ("users.csv", "id,name\n$id:alice,$id:alice\n$id:bob,Bob\n"),
            ("posts.json", r#"[{"id": "$id:first", "author": "$id:alice", "friends": ["$id:bob", "$id:alice"]}]"#),
        ]);
        loaded(&mut connection, &set);
        let (alice, bob) = (uuid("alice"), uuid("bob"));
        assert_eq!(database.query("SELECT id, author, friends FROM posts"), [format!("{}|{alice}|{{{bob},{alice}}}", bigint("first"))]);
        assert_eq!(database.query("SELECT name FROM users ORDER BY name"), ["$id:alice", "Bob"]);
        assert_eq!(database.value("INSERT INTO posts (author) VALUES (NULL) RETURNING id"), "1");
    }
}

/// Files and arrays without anything in them, and objects for types that are not JSON.
#[test]
fn b12_nothing_and_objects() {
    let (database, mut connection) = with(
        Driver::TokioPostgres,
        "CREATE EXTENSION hstore; CREATE TABLE none (id int PRIMARY KEY); CREATE TABLE lines (id int PRIMARY KEY);
         CREATE TABLE t (id int PRIMARY KEY, a int[] NOT NULL, h hstore, hs hstore[], k text[][])",
    );
    let set = seeder(&[
        ("none.json", " [\n]\n"),
        ("none.json.toml", "existing = \"update\"\nkey = [\"id\"]"),
        ("lines.jsonl", "{\"id\": 1}\n{\"id\": 2}\n"),
        (
            "t.json",
            r#"[{"id": 1, "a": [], "h": {"a": "1", "b\"": null, "c": 2}, "hs": [{"x": "y"}], "k": [["a"], ["b"]]}, {"id": 2, "a": [1, null], "h": {}}]"#,
        ),
    ]);
    assert_eq!(loaded(&mut connection, &set), ["lines.jsonl 2", "none.json 0", "t.json 2"]);
    assert_eq!(
        database.query("SELECT id, a, h, hs, k FROM t ORDER BY id"),
        [r#"1|{}|"a"=>"1", "c"=>"2", "b\""=>NULL|{"\"x\"=>\"y\""}|{{a},{b}}"#, "2|{1,NULL}|||"]
    );
    assert_eq!(loaded(&mut connection, &set), [""; 0]);
    let error = Seeds::from_files("seeds", [("t.tsv", "id\n1\n"), ("t.json", "[{}]")]).unwrap_err();
    assert_eq!(error.to_string().matches("--> ").count(), 2, "{error}");
}
