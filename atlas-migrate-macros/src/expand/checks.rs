//! What `embed_checks!` emits.

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::texts::File;
use proc_macro2::TokenStream;
use quote::quote;

use super::{Parts, text_file};
use crate::{parse, read};

/// The items of a module of checks, as [`migrations`](super::migrations) has them.
pub(crate) fn checks(input: &parse::Folder, folder: Result<read::Folder<File>, Vec<Fault>>) -> TokenStream {
    let Parts { items, tracked: _, errors, folder } = Parts::new(input, folder, text_file);
    let count = items.len();
    let doc = format!("The checks of `{}`, as they were when this was compiled.", input.path);
    quote! {
        #errors

        #[doc = #doc]
        pub static CHECKS: ::atlas_migrate::verify::Checks = {
            static ALL: [::atlas_migrate::__private::File; #count] = [#(#items),*];
            ::atlas_migrate::__private::embedded_checks(#folder, &ALL)
        };

        /// A verifier with [`CHECKS`], to set options of.
        pub fn verifier() -> ::atlas_migrate::verify::Verifier {
            ::atlas_migrate::verify::Verifier::new(&CHECKS)
        }

        /// Holds a database against [`CHECKS`], and against what holds for any database.
        ///
        /// # Errors
        ///
        /// See [`Verifier::run`](::atlas_migrate::verify::Verifier::run).
        pub fn run<'c, D: ::atlas_migrate::Database<'c>>(
            database: D,
        ) -> D::Outcome<::atlas_migrate::verify::VerifyReport> {
            verifier().run(database)
        }
    }
}
