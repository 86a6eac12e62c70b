use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::seed::Run;

/// What is sent: statements as they are, and of a `COPY` the statement and the rows behind a colon.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let sent: Vec<String> = pieces("a.sql", text)
        .unwrap_or_else(|faults| panic!("{text}\n{}", shown(&faults)))
        .into_iter()
        .map(|piece| match piece {
            Piece::Statements(range) => text[range].to_owned(),
            Piece::Copy { statement, data } => format!("{}:{}", &text[statement], &text[data]),
        })
        .collect();
    assert_eq!(sent, expected, "{text}");
}

fn shown(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

fn faults(text: &str) -> String {
    shown(&read("a.sql", text, Syntax::Parser).err().unwrap_or_default())
}

#[test]
fn statements_that_follow_each_other_are_one_piece() {
    check("", &[]);
    check("-- nothing;\n", &[]);
    check("SELECT 1", &["SELECT 1"]);
    check("-- é\nSELECT 1;\n-- two\nSELECT ';';\n", &["SELECT 1;\n-- two\nSELECT ';'"]);
}

#[test]
fn copies_have_rows() {
    check("COPY a (id) FROM stdin;\n1\n2\n\\.\n", &["COPY a (id) FROM stdin:1\n2\n"]);
    check("copy a from STDIN ; \n\\.", &["copy a from STDIN:"]);
    check(
        "SELECT 1;\nCOPY a FROM stdin;\nit's\t--\t$$\n\\.\n\n\nSELECT 2;\nSELECT 3;\nCOPY b FROM stdin;\n\\N\n\\.\nSELECT 4",
        &["SELECT 1", "COPY a FROM stdin:it's\t--\t$$\n", "SELECT 2;\nSELECT 3", "COPY b FROM stdin:\\N\n", "SELECT 4"],
    );
    check("COPY a FROM stdin /* ; */;\n\n  x\n\\.\n", &["COPY a FROM stdin:\n  x\n"]);
    check(
        "COPY a FROM stdin;\n-- atlas:seed once\n-- atlas:nonsense\n\\.\n",
        &["COPY a FROM stdin:-- atlas:seed once\n-- atlas:nonsense\n"],
    );
}

#[test]
fn as_pg_dump_writes_it() {
    check(
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict x'y\n\nSET client_encoding = 'UTF8';\nSELECT pg_catalog.set_config('search_path', '', false);\n\n\
         --\n-- Data for Name: a; Type: TABLE DATA\n--\n\nCOPY public.a (id, \"Name\") FROM stdin;\n1\tAnn\n\\.\n\n\n\\unrestrict x'y\n\n",
        &[
            "SET client_encoding = 'UTF8';\nSELECT pg_catalog.set_config('search_path', '', false)",
            "COPY public.a (id, \"Name\") FROM stdin:1\tAnn\n",
        ],
    );
    check("SELECT 1;\n\\restrict a\nSELECT 2;\n\\unrestrict a\n", &["SELECT 1", "SELECT 2"]);
}

#[test]
fn rows_without_an_end() {
    assert_snapshot!(faults("SELECT 1;\nCOPY a\n  FROM stdin;\n1\n2\nCOMMIT;\n"), @r"
    rows without an end
     --> a.sql:2:1
      |
    2 | COPY a
      | ^^^^^^ no line `\.` follows
      |
      = hint: close them with a line that has nothing but `\.`, as pg_dump does
    ");
    assert_snapshot!(faults("COPY a FROM stdin"), @r"
    rows without an end
     --> a.sql:1:1
      |
    1 | COPY a FROM stdin
      | ^^^^^^^^^^^^^^^^^ no line `\.` follows
      |
      = hint: close them with a line that has nothing but `\.`, as pg_dump does
    ");
    assert_snapshot!(faults("COPY a FROM stdin\n\\restrict a\nCOPY a FROM stdin;\n\\.\n"), @"
    `COPY … FROM STDIN` without its semicolon
     --> a.sql:1:1
      |
    1 | COPY a FROM stdin
      | ^^^^^^^^^^^^^^^^^ no `;` follows
      |
      = hint: end the statement with `;`, and begin the rows in the line below
    ");
    assert_snapshot!(faults("COPY a FROM stdin; SELECT 1;\n\\.\n"), @"
    text behind `COPY … FROM STDIN;`
     --> a.sql:1:19
      |
    1 | COPY a FROM stdin; SELECT 1;
      |                   ^^^^^^^^^^ would be lost
      |
      = hint: begin the rows in the line below
    ");
}

#[test]
fn what_a_seed_cannot_have() {
    assert_snapshot!(faults("BEGIN;\nSELECT 1;\nCOMMIT;\n"), @"
    `BEGIN` in a seed
     --> a.sql:1:1
      |
    1 | BEGIN;
      | ^^^^^ transaction control
      |
      = hint: remove it: the seed is committed together with its row in the history
    `COMMIT` in a seed
     --> a.sql:3:1
      |
    3 | COMMIT;
      | ^^^^^^ transaction control
      |
      = hint: remove it: the seed is committed together with its row in the history
    ");
    assert_snapshot!(faults("VACUUM a;\nCREATE INDEX CONCURRENTLY i ON a (b);\n"), @"
    `VACUUM` cannot run in a transaction
     --> a.sql:1:1
      |
    1 | VACUUM a;
      | ^^^^^^^^ a seed runs in one
      |
      = hint: move it to a migration that has `-- atlas:no-transaction` at its top
    `CREATE INDEX CONCURRENTLY` cannot run in a transaction
     --> a.sql:2:1
      |
    2 | CREATE INDEX CONCURRENTLY i ON a (b);
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a seed runs in one
      |
      = hint: move it to a migration that has `-- atlas:no-transaction` at its top
    ");
    assert_snapshot!(faults("COPY a TO STDOUT;\n\\echo it's\n\\restricted\n"), @r"
    `COPY … TO STDOUT` in a seed
     --> a.sql:1:1
      |
    1 | COPY a TO STDOUT;
      | ^^^^^^^^^^^^^^^^ has no client that would take its rows
      |
      = hint: remove it
    `\echo` is for psql
     --> a.sql:2:1
      |
    2 | \echo it's
      | ^^^^^^^^^^ psql meta-command
      |
      = hint: remove the line: only psql understands it, the server does not
    `\restricted` is for psql
     --> a.sql:3:1
      |
    3 | \restricted
      | ^^^^^^^^^^^ psql meta-command
      |
      = hint: remove the line: only psql understands it, the server does not
    ");
}

#[test]
fn syntax() {
    assert_snapshot!(faults("SELEC 1;\nCOPY a FROM stdin;\nSELEC (\n\\.\nSELECT (1;\n"), @"
    syntax error
     --> a.sql:1:1
      |
    1 | SELEC 1;
      | ^^^^^ expected command, found `SELEC`
      |
      = hint: if the server takes it, put `-- atlas:no-syntax-check` at the top of the file
    syntax error
     --> a.sql:5:10
      |
    5 | SELECT (1;
      |          ^ expected `,`, found `;`
      |
      = hint: if the server takes it, put `-- atlas:no-syntax-check` at the top of the file
    ");
    check("-- atlas:no-syntax-check\nSELEC 1;", &["SELEC 1"]);
}

#[test]
fn directives() {
    let said = |text: &str| {
        let (_, directives) =
            read("a.sql", text, Syntax::Parser).unwrap_or_else(|faults| panic!("{text}\n{}", shown(&faults)));
        (directives.said.run, directives.span("production").is_some())
    };
    assert_eq!(said("SELECT 1"), (None, false));
    assert_eq!(said("-- atlas:seed once\nSELECT 1"), (Some(Run::Once), false));
    assert_eq!(said("--atlas:seed on-change \n-- no-transaction\nSELECT 1"), (Some(Run::OnChange), false));
    assert_eq!(said("-- a\n-- atlas:production\n-- atlas:seed always\nSELECT 1"), (Some(Run::Always), true));
}

#[test]
fn wrong_directives() {
    assert_snapshot!(faults("-- atlas:sed once\n-- atlas:seed\n-- atlas:seed never\n-- atlas:production yes\n"), @"
    unknown directive `atlas:sed`
     --> a.sql:1:4
      |
    1 | -- atlas:sed once
      |    ^^^^^^^^^
      |
      = hint: did you mean `atlas:seed`?
    malformed `atlas:seed`
     --> a.sql:2:14
      |
    2 | -- atlas:seed
      |              ^ expected once, on-change or always
      |
      = hint: for example `-- atlas:seed once`
    `atlas:seed` given twice
     --> a.sql:3:4
      |
    3 | -- atlas:seed never
      |    ^^^^^^^^^^^^^^^^ given before
      |
      = hint: remove one of them
    malformed `atlas:production`
     --> a.sql:4:21
      |
    4 | -- atlas:production yes
      |                     ^^^ takes no value
      |
      = hint: for example `-- atlas:production`
    ");
    assert_snapshot!(faults("-- atlas:compatible\n-- atlas:lock-timeout 2s\n-- atlas:nonsense\n"), @"
    `atlas:compatible` has no meaning here
     --> a.sql:1:4
      |
    1 | -- atlas:compatible
      |    ^^^^^^^^^^^^^^^^ is for migrations
      |
      = hint: remove it; the directives here are seed, production, no-syntax-check
    `atlas:lock-timeout` has no meaning here
     --> a.sql:2:4
      |
    2 | -- atlas:lock-timeout 2s
      |    ^^^^^^^^^^^^^^^^^^ is for migrations
      |
      = hint: remove it; the directives here are seed, production, no-syntax-check
    unknown directive `atlas:nonsense`
     --> a.sql:3:4
      |
    3 | -- atlas:nonsense
      |    ^^^^^^^^^^^^^^
      |
      = hint: the directives are seed, production, no-syntax-check
    ");
    assert_snapshot!(faults("-- atlas:seed twice\nCOPY a FROM stdin;\n\\.\n-- atlas:production\n"), @"
    malformed `atlas:seed`
     --> a.sql:1:15
      |
    1 | -- atlas:seed twice
      |               ^^^^^ expected once, on-change or always
      |
      = hint: for example `-- atlas:seed once`
    directive without effect
     --> a.sql:4:4
      |
    4 | -- atlas:production
      |    ^^^^^^^^^^^^^^^^ comes after the first statement
      |
      = hint: write it as `-- atlas:…` at the top of the file
    ");
}

#[test]
fn a_comment_may_stand_before_the_semicolon() {
    let text = "COPY a FROM stdin-- x\n;\n1\n\\.\n";
    assert_eq!(pieces("a.sql", text), Ok(vec![Piece::Copy { statement: 0..17, data: 24..26 }]));
}

#[test]
fn many_blocks_take_as_long_as_one() {
    let text = "COPY a FROM stdin;\n1\n\\.\n".repeat(20_000);
    assert_eq!(pieces("a.sql", &text).unwrap().len(), 20_000);
    assert_eq!(pieces("a.sql", &"COPY a FROM stdin;\n".repeat(50_000)).unwrap_err().len(), 1);
}

proptest! {
    #[test]
    fn between_pieces_is_nothing_that_is_sent(
        text in "(SELECT 1|INSERT INTO a VALUES \\('\\\\.'\\)|COPY a FROM stdin|;|;\n|1\t2\n|\\\\\\.\n|\\\\restrict a\n|-- x\n|\n){0,20}",
    ) {
        if let Ok(pieces) = pieces("a.sql", &text) {
            let mut end = 0;
            for piece in pieces {
                let (start, sent_to) = match piece {
                    Piece::Statements(range) => (range.start, range.end),
                    Piece::Copy { statement, data } => {
                        let between = &text[statement.end..data.start];
                        let sent = Lexer::new(between).filter(|token| !token.is_trivia()).map(|token| token.kind);
                        prop_assert_eq!(sent.collect::<Vec<_>>(), [token::Kind::Semicolon], "{:?}", between);
                        prop_assert!(text[data.end..].starts_with("\\."));
                        prop_assert!(!text[data.clone()].lines().any(|line| line == "\\."));
                        (statement.start, data.end + 2)
                    }
                };
                prop_assert!(is_nothing(&text[end..start]), "{:?}", &text[end..start]);
                end = sent_to;
            }
            prop_assert!(is_nothing(&text[end..]), "{:?}", &text[end..]);
        }
    }
}

fn is_nothing(text: &str) -> bool {
    Lexer::new(text).all(|token| token.is_trivia() || matches!(token.kind, token::Kind::Semicolon | token::Kind::Meta))
}
