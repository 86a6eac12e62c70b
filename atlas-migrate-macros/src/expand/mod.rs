//! What a macro emits: data, and calls of const constructors.

#[cfg(feature = "bench")]
mod benchmarks;
#[cfg(feature = "verify")]
mod checks;
#[cfg(feature = "seeds")]
mod seeds;

use std::time::Duration;

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::migration::{Header, Kind, Migration, Require, Script, Transaction};
#[cfg(any(feature = "bench", feature = "verify"))]
use atlas_migrate_core::texts::File;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

#[cfg(feature = "bench")]
pub(crate) use self::benchmarks::benchmarks;
#[cfg(feature = "verify")]
pub(crate) use self::checks::checks;
#[cfg(feature = "seeds")]
pub(crate) use self::seeds::seeds;
use crate::{parse, read};

/// The items of a module of migrations. If there are faults they are all there too, with an empty set, so that nothing else
/// that the crate does with the module adds errors of its own.
pub(crate) fn migrations(input: &parse::Folder, folder: Result<read::Folder<Migration>, Vec<Fault>>) -> TokenStream {
    let Parts { items, tracked, errors, folder } = Parts::new(input, folder, migration);
    let count = items.len();
    let doc = format!("The migrations of `{}`, as they were when this was compiled.", input.path);
    let verbs = verbs();
    quote! {
        #errors
        #tracked

        #[doc = #doc]
        pub static MIGRATIONS: ::atlas_migrate::Migrations = {
            static ALL: [::atlas_migrate::__private::Migration; #count] = [#(#items),*];
            ::atlas_migrate::__private::embedded(#folder, &ALL)
        };

        /// A migrator of [`MIGRATIONS`], to set options of.
        pub fn migrator() -> ::atlas_migrate::Migrator {
            ::atlas_migrate::Migrator::new(&MIGRATIONS)
        }

        #verbs
    }
}

/// The verbs of a migrator, without options.
fn verbs() -> TokenStream {
    let version = || quote! { version: impl ::core::convert::Into<::atlas_migrate::Version>, };
    let verbs = [
        (
            "run",
            quote! { ::atlas_migrate::Report },
            quote! {},
            "Brings a database up to date with [`MIGRATIONS`]: applies what is pending.",
        ),
        ("plan", quote! { ::atlas_migrate::Plan }, quote! {}, "What [`run`] would do. Writes nothing."),
        (
            "status",
            quote! { ::atlas_migrate::Status },
            quote! {},
            "Where each of [`MIGRATIONS`] stands. Writes nothing.",
        ),
        ("check", quote! { () }, quote! {}, "Whether a database is what [`MIGRATIONS`] say. Writes nothing."),
        ("wait", quote! { () }, quote! {}, "Waits until another process has applied [`MIGRATIONS`]. Writes nothing."),
        (
            "rehearse",
            quote! { ::atlas_migrate::rehearse::Rehearsal },
            quote! {},
            "Runs what is pending in one transaction, and rolls it back.",
        ),
        (
            "revert",
            quote! { ::atlas_migrate::Report },
            quote! { revert: ::atlas_migrate::Revert, },
            "Runs the down files of migrations that were applied, the highest version first.",
        ),
        (
            "baseline",
            quote! { ::atlas_migrate::Report },
            version(),
            "Records all migrations up to this version as applied, without running them.",
        ),
        (
            "repair",
            quote! { ::atlas_migrate::Report },
            {
                let version = version();
                quote! { #version repair: ::atlas_migrate::Repair, }
            },
            "Corrects the record of a migration in the history, without running anything.",
        ),
    ];
    let verbs = verbs.into_iter().map(|(name, output, parameters, doc)| {
        let errors = format!("See [`Migrator::{name}`](::atlas_migrate::Migrator::{name}).");
        let verb = Ident::new(name, Span::call_site());
        let arguments: &[&str] = match name {
            "revert" => &["revert"],
            "baseline" => &["version"],
            "repair" => &["version", "repair"],
            _ => &[],
        };
        let arguments = arguments.iter().map(|argument| Ident::new(argument, Span::call_site()));
        quote! {
            #[doc = #doc]
            ///
            /// # Errors
            ///
            #[doc = #errors]
            pub fn #verb<'c, D: ::atlas_migrate::Database<'c>>(database: D, #parameters) -> D::Outcome<#output> {
                migrator().#verb(database, #(#arguments),*)
            }
        }
    });
    quote! { #(#verbs)* }
}

/// What the modules of migrations, seeds, checks and benchmarks have in common.
struct Parts {
    items: Vec<TokenStream>,
    /// Files of settings and variables, whose content is in the items already: the compiler has to know of them.
    tracked: TokenStream,
    /// Errors, or else warnings.
    errors: TokenStream,
    /// The folder, in a debug build.
    folder: TokenStream,
}

impl Parts {
    fn new<T>(input: &parse::Folder, folder: Result<read::Folder<T>, Vec<Fault>>, item: fn(&T) -> TokenStream) -> Self {
        let variables = &input.variables;
        let variables = quote! { #(const _: ::core::option::Option<&str> = ::core::option_env!(#variables);)* };
        let (items, tracked, errors) = match folder {
            Ok(read::Folder { items, files, warnings }) => {
                let tracked = files.iter().filter(|file| file.ends_with(".toml")).map(|file| beside_manifest(file));
                let tracked = quote! { #(const _: &[u8] = ::core::include_bytes!(#tracked);)* #variables };
                let warnings = warnings.iter().map(|text| warning(input.span, text)).collect();
                (items.iter().map(item).collect(), tracked, warnings)
            }
            Err(faults) => {
                let errors = faults.iter().map(|fault| {
                    let message = fault.to_string();
                    quote_spanned! { input.span => ::core::compile_error!(#message); }
                });
                (Vec::new(), TokenStream::new(), errors.collect())
            }
        };
        let folder = beside_manifest(&input.path);
        let folder = quote! {
            if ::core::cfg!(debug_assertions) {
                ::core::option::Option::Some(#folder)
            } else {
                ::core::option::Option::None
            }
        };
        Self { items, tracked, errors, folder }
    }
}

/// A warning of the compiler: it knows none that a macro could give but that something deprecated is used.
fn warning(span: Span, text: &str) -> TokenStream {
    quote_spanned! { span =>
        const _: () = {
            #[deprecated(note = #text)]
            #[allow(non_upper_case_globals)]
            const folder: () = ();
            folder
        };
    }
}

/// A path that the compiler makes absolute, so that none of this machine's gets into what is emitted.
fn beside_manifest(path: &str) -> TokenStream {
    let path = format!("/{path}");
    quote! { ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #path) }
}

fn migration(migration: &Migration) -> TokenStream {
    let (version, name) = (migration.version().as_str(), borrowed(migration.name()));
    let kind = match migration.kind() {
        Kind::Versioned => quote! { Versioned },
        Kind::Repeatable => quote! { Repeatable },
    };
    let (up, down) = (script(migration.up()), option(migration.down().map(script)));
    quote! {
        ::atlas_migrate::__private::Migration::new(
            ::atlas_migrate::__private::Version::from_static(#version),
            #name,
            ::atlas_migrate::__private::Kind::#kind,
            #up,
            #down,
        )
    }
}

fn script(script: &Script) -> TokenStream {
    let (path, file) = (borrowed(script.path()), beside_manifest(script.path()));
    let (checksum, fingerprint) = (bytes(script.checksum().to_bytes()), bytes(script.fingerprint().to_bytes()));
    let header = header(script.header());
    quote! {
        ::atlas_migrate::__private::Script::new(
            #path,
            ::atlas_migrate::__private::Cow::Borrowed(::core::include_str!(#file)),
            ::atlas_migrate::__private::Checksum::from_bytes(#checksum),
            ::atlas_migrate::__private::Fingerprint::from_bytes(#fingerprint),
            #header,
        )
    }
}

fn header(header: &Header) -> TokenStream {
    // Most files have none, and the compiler is faster with a name than with nine fields.
    if *header == Header::EMPTY {
        return quote! { ::atlas_migrate::__private::Header::EMPTY };
    }
    let text = |text: &Option<_>| option(text.as_deref().map(borrowed));
    let transaction = match header.transaction {
        Transaction::Wrapped => quote! { Wrapped },
        Transaction::None => quote! { None },
    };
    let lock_timeout = option(header.lock_timeout.map(duration));
    let statement_timeout = option(header.statement_timeout.map(duration));
    let compatible = header.compatible;
    let require = header.require.iter().map(|Require { condition, message }| {
        let (condition, message) = (borrowed(condition), text(message));
        quote! { ::atlas_migrate::__private::Require { condition: #condition, message: #message } }
    });
    let (skip_unless, title) = (text(&header.skip_unless), text(&header.title));
    let (description, date) = (text(&header.description), text(&header.date));
    quote! {
        ::atlas_migrate::__private::Header {
            transaction: ::atlas_migrate::__private::Transaction::#transaction,
            lock_timeout: #lock_timeout,
            statement_timeout: #statement_timeout,
            compatible: #compatible,
            require: ::atlas_migrate::__private::Cow::Borrowed(&[#(#require),*]),
            skip_unless: #skip_unless,
            title: #title,
            description: #description,
            date: #date,
        }
    }
}

#[cfg(any(feature = "bench", feature = "verify"))]
/// All of a file is read again when the program runs.
fn text_file(file: &File) -> TokenStream {
    let (path, text) = (borrowed(file.path()), beside_manifest(file.path()));
    quote! {
        ::atlas_migrate::__private::File::new(
            #path,
            ::atlas_migrate::__private::Cow::Borrowed(::core::include_str!(#text)),
        )
    }
}

fn borrowed(text: &str) -> TokenStream {
    quote! { ::atlas_migrate::__private::Cow::Borrowed(#text) }
}

/// One token, where a list of bytes would be 64.
fn bytes(bytes: [u8; 32]) -> TokenStream {
    let literal = Literal::byte_string(&bytes);
    quote! { *#literal }
}

fn duration(duration: Duration) -> TokenStream {
    let milliseconds = duration.as_millis() as u64;
    quote! { ::core::time::Duration::from_millis(#milliseconds) }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote! { ::core::option::Option::Some(#value) },
        None => quote! { ::core::option::Option::None },
    }
}
