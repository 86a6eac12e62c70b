//! What `embed_benchmarks!` emits.

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::texts::File;
use proc_macro2::TokenStream;
use quote::quote;

use super::{Parts, text_file};
use crate::{parse, read};

/// The items of a module of benchmarks, as [`migrations`](super::migrations) has them.
pub(crate) fn benchmarks(input: &parse::Folder, folder: Result<read::Folder<File>, Vec<Fault>>) -> TokenStream {
    let Parts { items, tracked: _, errors, folder } = Parts::new(input, folder, text_file);
    let count = items.len();
    let doc = format!("The benchmarks of `{}`, as they were when this was compiled.", input.path);
    quote! {
        #errors

        #[doc = #doc]
        pub static BENCHMARKS: ::atlas_migrate::bench::Benchmarks = {
            static ALL: [::atlas_migrate::__private::File; #count] = [#(#items),*];
            ::atlas_migrate::__private::embedded_benchmarks(#folder, &ALL)
        };

        /// A bencher with [`BENCHMARKS`], to set options of.
        pub fn bencher() -> ::atlas_migrate::bench::Bencher {
            ::atlas_migrate::bench::Bencher::new(&BENCHMARKS)
        }

        /// Measures [`BENCHMARKS`].
        ///
        /// # Errors
        ///
        /// See [`Bencher::run`](::atlas_migrate::bench::Bencher::run).
        pub fn run<'c, D: ::atlas_migrate::Database<'c>>(
            database: D,
        ) -> D::Outcome<::atlas_migrate::bench::BenchReport> {
            bencher().run(database)
        }
    }
}
