//! What `embed_seeds!` emits.

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::seed::{Existing, Format, Policy, Run, Seed};
use proc_macro2::TokenStream;
use quote::quote;

use super::{Parts, beside_manifest, borrowed, bytes};
use crate::{parse, read};

/// The items of a module of seeds, as [`migrations`](super::migrations) has them.
pub(crate) fn seeds(input: &parse::Folder, folder: Result<read::Folder<Seed>, Vec<Fault>>) -> TokenStream {
    let Parts { items, tracked, errors, folder } = Parts::new(input, folder, seed);
    let count = items.len();
    let doc = format!("The seeds of `{}`, as they were when this was compiled.", input.path);
    quote! {
        #errors
        #tracked

        #[doc = #doc]
        pub static SEEDS: ::atlas_migrate::seed::Seeds = {
            static ALL: [::atlas_migrate::__private::seed::Seed; #count] = [#(#items),*];
            ::atlas_migrate::__private::embedded_seeds(#folder, &ALL)
        };

        /// A seeder of [`SEEDS`] for an environment, to set options of.
        pub fn seeder(
            environment: impl ::core::convert::Into<::atlas_migrate::seed::Environment>,
        ) -> ::atlas_migrate::seed::Seeder {
            ::atlas_migrate::seed::Seeder::new(&SEEDS, environment)
        }

        /// Brings the data of an environment into a database: those of [`SEEDS`] that are due.
        ///
        /// # Errors
        ///
        /// See [`Seeder::run`](::atlas_migrate::seed::Seeder::run).
        pub fn run<'c, D: ::atlas_migrate::Database<'c>>(
            database: D,
            environment: impl ::core::convert::Into<::atlas_migrate::seed::Environment>,
        ) -> D::Outcome<::atlas_migrate::seed::SeedReport> {
            seeder(environment).run(database)
        }
    }
}

fn seed(seed: &Seed) -> TokenStream {
    let (name, path, file) = (borrowed(seed.name()), borrowed(seed.path()), beside_manifest(seed.path()));
    let format = match seed.format() {
        Format::Sql => quote! { Sql },
        Format::Csv => quote! { Csv },
        Format::Json => quote! { Json },
        Format::Ndjson => quote! { Ndjson },
    };
    let (policy, checksum) = (policy(seed.policy()), bytes(seed.checksum().to_bytes()));
    let columns = seed.columns().iter().map(|column| borrowed(column));
    quote! {
        ::atlas_migrate::__private::seed::Seed::new(
            #name,
            #path,
            ::atlas_migrate::__private::seed::Format::#format,
            #policy,
            ::atlas_migrate::__private::Checksum::from_bytes(#checksum),
            ::atlas_migrate::__private::Cow::Borrowed(&[#(#columns),*]),
            ::atlas_migrate::__private::seed::Content::Embedded(
                ::atlas_migrate::__private::Cow::Borrowed(::core::include_bytes!(#file)),
            ),
        )
    }
}

fn policy(policy: &Policy) -> TokenStream {
    let run = match policy.run {
        Run::Once => quote! { Once },
        Run::OnChange => quote! { OnChange },
        Run::Always => quote! { Always },
    };
    let existing = match policy.existing {
        Existing::Insert => quote! { Insert },
        Existing::Skip => quote! { Skip },
        Existing::Update => quote! { Update },
    };
    let (key, production) = (policy.key.iter().map(|column| borrowed(column)), policy.production);
    quote! {
        ::atlas_migrate::__private::seed::Policy {
            run: ::atlas_migrate::__private::seed::Run::#run,
            existing: ::atlas_migrate::__private::seed::Existing::#existing,
            key: ::atlas_migrate::__private::Cow::Borrowed(&[#(#key),*]),
            production: #production,
        }
    }
}
