//! The macros of [atlas-migrate](https://docs.rs/atlas-migrate), which re-exports them.
//!
//! A macro goes through three stages, a file each: its input is parsed, the folder is read and checked by
//! `atlas-migrate-core`, and what was found is written as data. Nothing in what it emits runs at start.

mod expand;
mod parse;
mod plain;
mod read;
mod test;

use proc_macro::TokenStream;
use syn::parse::{ParseStream, Parser};

/// Embeds the migrations of a folder: checks them now, and carries them in the binary.
///
/// ```ignore
/// mod migrations {
///     atlas_migrate::embed_migrations!("migrations");
/// }
///
/// let report = migrations::run(&pool).await?;
/// ```
///
/// The folder is relative to the `Cargo.toml` of the crate that calls the macro; without one it is `"migrations"`. It is a string,
/// or a `concat!(…)` of strings and of `env!("…")` that lies below that `Cargo.toml`. Folders below it are read where files are
/// named like `V1__init.sql` (and files named `R__views.sql` in all of them); of others the compiler warns.
///
/// The macro stands in a module of its own, since it defines items:
///
/// - `MIGRATIONS`, a `static` with all of them, which costs nothing at start;
/// - `migrator()`, the builder, for a run with options;
/// - `run(database)`, a run without any.
///
/// # What is checked
///
/// Each of these is a compile error that names the file, and the line and column if there is one. All that is wrong with a
/// folder is said at once:
///
/// - the folder is missing, or has no migrations;
/// - a file ends in `.sql` and its name fits no layout; layouts are mixed;
/// - two files have one version; a `down` file has no `up` file, or another name than it has;
/// - a file is not UTF-8, has a NUL byte, or is no plain file;
/// - a file has no statement, and no comment but its header (`-- Migration: …`, `-- Date: …`): another comment says that this
///   is meant. A `down` file without a single character is meant as well;
/// - a string, quoted name or comment has no end, or a statement no `;` before the next one;
/// - a file has an up part and a down part, as other tools have it;
/// - a directive (`-- atlas:…`) is unknown, malformed, said twice, or comes after the first statement;
/// - a statement is no SQL that PostgreSQL takes (`-- atlas:no-syntax-check` switches this off for a file);
/// - a statement controls the transaction (`BEGIN`, `COMMIT`, `SAVEPOINT`…), except one `BEGIN … COMMIT` around a file;
/// - a statement that cannot run in a transaction (`CREATE INDEX CONCURRENTLY`, `VACUUM`…) stands among others in a file
///   without `-- atlas:no-transaction`;
/// - a psql meta-command, `COPY … FROM STDIN` or `COPY … TO STDOUT`, `SET NAMES`.
///
/// The compiler warns of a folder outside of a package that is published: `cargo package` leaves it out.
///
/// # When it runs again
///
/// An edit of a file rebuilds the crate. A *new* file does not by itself, since cargo does not know of it: a build script
/// with `atlas_migrate::build::track("migrations")` sees to that, and a debug build warns when it runs without one.
#[proc_macro]
pub fn embed_migrations(input: TokenStream) -> TokenStream {
    match folder(input, "migrations") {
        Ok(folder) => items("migrations", expand::migrations(&folder, read::migrations(&folder))),
        Err(error) => error.into_compile_error().into(),
    }
}

/// Embeds the seeds of a folder: checks them now, and carries them in the binary.
///
/// ```ignore
/// mod seeds {
///     atlas_migrate::embed_seeds!("seeds");
/// }
///
/// let report = seeds::run(&pool, Environment::named("dev")).await?;
/// ```
///
/// The folder is relative to the `Cargo.toml` of the crate that calls the macro; without one it is `"seeds"`. Files in it
/// are for all environments, and a folder below it is an environment, with files and folders of its own. The macro stands
/// in a module of its own, where it defines
///
/// - `SEEDS`, a `static` with all of them, which costs nothing at start;
/// - `seeder(environment)`, the builder, for a run with options;
/// - `run(database, environment)`, a run without any.
///
/// # What is checked
///
/// Each of these is a compile error that names the file, and the line and column if there is one:
///
/// - the folder is missing, or has no seeds; a folder has no name for an environment; a file of rows names no table;
/// - a file is not UTF-8, has a NUL, or is empty;
/// - of CSV: a header with an empty or repeated name; a row with too few or too many cells; broken quoting;
/// - of JSON: anything that is no object in an array (`.json`) or in a line (`.ndjson`); a key that is there twice; broken JSON;
/// - of SQL: a directive that is unknown, malformed, said twice, or comes after the first statement; a statement that is no
///   SQL that PostgreSQL takes, controls the transaction, or cannot run in one; rows of a `COPY` without an end;
/// - of a policy (`010_users.csv.toml`): an unknown setting or value, a key that is missing or names no column of the file,
///   a file that is not there.
///
/// # When it runs again
///
/// As for [`embed_migrations!`], with `atlas_migrate::build::track("seeds")` in a build script.
#[cfg(feature = "seeds")]
#[proc_macro]
pub fn embed_seeds(input: TokenStream) -> TokenStream {
    match folder(input, "seeds") {
        Ok(folder) => items("seeds", expand::seeds(&folder, read::seeds(&folder))),
        Err(error) => error.into_compile_error().into(),
    }
}

/// Embeds the checks of a folder: reads them now, and carries them in the binary.
///
/// ```ignore
/// mod checks {
///     atlas_migrate::embed_checks!("checks");
/// }
///
/// let report = checks::run(&pool).await?;
/// assert!(report.passed(), "{report}");
/// ```
///
/// The folder is relative to the `Cargo.toml` of the crate that calls the macro; without one it is `"checks"`. Folders below
/// it count too. The macro stands in a module of its own, where it defines
///
/// - `CHECKS`, a `static` with all of them, which costs nothing at start;
/// - `verifier()`, the builder, for a run with options;
/// - `run(database)`, a run without any.
///
/// # What is checked
///
/// Each of these is a compile error that names the file, and the line and column if there is one:
///
/// - the folder is missing, or has no checks; a file is not UTF-8, has a NUL, or is empty;
/// - of TOML: an expectation of an unknown sort; a setting that is unknown, missing, or has a value that makes no sense; broken
///   TOML;
/// - of SQL: a directive that is unknown, malformed, said twice, or comes after the query; what is no query, or is two; what
///   PostgreSQL does not take (`-- atlas:no-syntax-check` switches this off for a file).
///
/// # When it runs again
///
/// As for [`embed_migrations!`], with `atlas_migrate::build::track("checks")` in a build script.
#[cfg(feature = "verify")]
#[proc_macro]
pub fn embed_checks(input: TokenStream) -> TokenStream {
    match folder(input, "checks") {
        Ok(folder) => items("checks", expand::checks(&folder, read::checks(&folder))),
        Err(error) => error.into_compile_error().into(),
    }
}

/// Embeds the benchmarks of a folder: reads them now, and carries them in the binary.
///
/// ```ignore
/// mod benchmarks {
///     atlas_migrate::embed_benchmarks!("benchmarks");
/// }
///
/// let report = benchmarks::run(&pool).await?;
/// assert!(report.passed_plans(), "{report}");
/// ```
///
/// The folder is relative to the `Cargo.toml` of the crate that calls the macro; without one it is `"benchmarks"`. Folders
/// below it count too. The macro stands in a module of its own, where it defines
///
/// - `BENCHMARKS`, a `static` with all of them, which costs nothing at start;
/// - `bencher()`, the builder, for a run with options;
/// - `run(database)`, a run without any.
///
/// # What is checked
///
/// Each of these is a compile error that names the file, and the line and column if there is one:
///
/// - the folder is missing, or has no benchmarks; two have one name; a file is not UTF-8, has a NUL, or is empty;
/// - a directive is unknown, malformed, said twice, or comes after the statement;
/// - a file has no statement that can be measured, or two; one that PostgreSQL does not take (`-- atlas:no-syntax-check`
///   switches this off for a file);
/// - a statement has parameters, and nothing says where they come from; or the other way round.
///
/// # When it runs again
///
/// As for [`embed_migrations!`], with `atlas_migrate::build::track("benchmarks")` in a build script.
#[cfg(feature = "bench")]
#[proc_macro]
pub fn embed_benchmarks(input: TokenStream) -> TokenStream {
    match folder(input, "benchmarks") {
        Ok(folder) => items("benchmarks", expand::benchmarks(&folder, read::benchmarks(&folder))),
        Err(error) => error.into_compile_error().into(),
    }
}

/// What a macro emits. Where an expression is expected, the compiler takes the first of it for one, attribute or not.
fn items(kind: &str, items: proc_macro2::TokenStream) -> TokenStream {
    let message = format!(
        "`embed_{kind}!` is no expression: write it in a module of its own, \
         `mod {kind} {{ atlas_migrate::embed_{kind}!(\"{kind}\"); }}`, and use what is in that"
    );
    let only_as_expression = quote::quote! { #[cfg(any())] ::core::compile_error! { #message } };
    [only_as_expression, items].into_iter().collect::<proc_macro2::TokenStream>().into()
}

fn folder(input: TokenStream, usual: &str) -> syn::Result<parse::Folder> {
    Parser::parse(|input: ParseStream<'_>| parse::Folder::parse(input, usual), input)
}

/// Makes a test of a function, and gives it a database of its own: migrated, and dropped when the test has passed.
///
/// ```ignore
/// #[atlas_migrate::test]
/// async fn creates_a_user(pool: sqlx::PgPool) {
///     // …
/// }
///
/// #[atlas_migrate::test(migrations = my_app::migrations)]
/// fn creates_a_group(client: postgres::Client) -> Result<(), postgres::Error> {
///     // …
///     Ok(())
/// }
/// ```
///
/// It needs the feature `testing`, whose module says where the database is, how it is made and when it ends.
///
/// The function takes one argument, whose type says how it reaches the database:
///
/// | `async fn` | `fn` |
/// |---|---|
/// | `sqlx::PgPool`, `sqlx::PgConnection` | `postgres::Client` |
/// | `tokio_postgres::Client`, `deadpool_postgres::Pool` | |
/// | `atlas_migrate::testing::Database` | `atlas_migrate::testing::Database` |
///
/// It may give a `Result`. An `async` one runs in a tokio runtime. Other attributes, such as `#[should_panic]` and `#[ignore]`,
/// mean what they mean elsewhere.
///
/// # Options
///
/// - `migrations = path`: the module in which `embed_migrations!` stands. Default: `crate::migrations`. In `tests/`, where each
///   file is a crate of its own, it is `migrations = my_app::migrations`, of a module that is `pub`. `migrations = none` is an
///   empty database.
/// - `seeds = "test"`: also the seeds of this environment, of the module `seeds` of the crate that has the migrations.
/// - `flavor = "multi_thread"`, `worker_threads = 2`: as those of `#[tokio::test]`. Default: the current thread.
#[proc_macro_attribute]
pub fn test(options: TokenStream, function: TokenStream) -> TokenStream {
    let parsed = syn::parse(options).and_then(|options| Ok((options, syn::parse(function)?)));
    match parsed {
        Ok((options, function)) => test::expand(&options, &function).into(),
        Err(error) => error.into_compile_error().into(),
    }
}
