//! `#[atlas_migrate::test]`: a function becomes a test that is given a database.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{LitInt, LitStr, Result, Token};

mod crate_root;

/// What stands in the parentheses of the attribute.
pub(crate) struct Options {
    migrations: Migrations,
    /// The environment whose seeds the database has.
    seeds: Option<LitStr>,
    flavor: Option<LitStr>,
    worker_threads: Option<LitInt>,
}

/// Which migrations the database has.
enum Migrations {
    /// Those of `crate::migrations`.
    OfTheCrate,
    /// Those of the module at this path.
    Of(TokenStream),
    /// None at all.
    None,
}

impl Parse for Migrations {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut path = TokenStream::new();
        input.parse::<Option<Token![::]>>()?.to_tokens(&mut path);
        loop {
            let name = input.call(Ident::parse_any)?;
            if path.is_empty() && name == "none" && !input.peek(Token![::]) {
                return Ok(Self::None);
            }
            name.to_tokens(&mut path);
            match input.parse::<Option<Token![::]>>()? {
                Some(colons) => colons.to_tokens(&mut path),
                None => return Ok(Self::Of(path)),
            }
        }
    }
}

const OPTIONS: &str = "there are `migrations = my_app::migrations`, `migrations = none`, `seeds = \"test\"`, `flavor = \"multi_thread\"` and \
                       `worker_threads = 2`";

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self { migrations: Migrations::OfTheCrate, seeds: None, flavor: None, worker_threads: None };
        let mut given = Vec::new();
        while !input.is_empty() {
            let start = input.span();
            let name: Ident =
                input.parse().map_err(|_| syn::Error::new(start, format!("expected an option: {OPTIONS}")))?;
            if given.contains(&name) {
                return Err(syn::Error::new(start, format!("`{name}` is given twice")));
            }
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "migrations" => {
                    let start = input.span();
                    options.migrations = input.parse().map_err(|_: syn::Error| {
                        syn::Error::new(
                            start,
                            "expected the path of the module in which `embed_migrations!` stands, such as `crate::migrations`, or `my_app::migrations` in `tests/`",
                        )
                    })?;
                }
                "seeds" => {
                    if cfg!(not(feature = "seeds")) {
                        return Err(syn::Error::new(name.span(), "seeds need the feature `seeds` of atlas-migrate"));
                    }
                    options.seeds = Some(input.parse()?);
                }
                "flavor" => {
                    let flavor: LitStr = input.parse()?;
                    if !["current_thread", "multi_thread"].contains(&flavor.value().as_str()) {
                        return Err(syn::Error::new(flavor.span(), "expected \"current_thread\" or \"multi_thread\""));
                    }
                    options.flavor = Some(flavor);
                }
                "worker_threads" => options.worker_threads = Some(input.parse()?),
                other => {
                    return Err(syn::Error::new(name.span(), format!("no option is named `{other}`: {OPTIONS}")));
                }
            }
            given.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        match (&options.worker_threads, &options.flavor) {
            (Some(threads), flavor) if flavor.as_ref().is_none_or(|flavor| flavor.value() != "multi_thread") => {
                Err(syn::Error::new(threads.span(), "`worker_threads` is for `flavor = \"multi_thread\"`"))
            }
            _ => Ok(options),
        }
    }
}

const NO_PARAMETERS: &str = "a test has no type parameters: name the type of its argument";

/// A function, as far as it has to be taken apart.
pub(crate) struct Function {
    /// Attributes and visibility.
    before: TokenStream,
    is_async: bool,
    name: Ident,
    arguments: Group,
    /// From the arrow on, or nothing.
    output: TokenStream,
    body: Group,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut before = TokenStream::new();
        let mut last = input.span();
        while !input.peek(Token![fn]) && !input.peek(Token![async]) {
            if input.is_empty() {
                return Err(syn::Error::new(last, "`#[atlas_migrate::test]` is for functions"));
            }
            let tree = input.parse()?;
            if let TokenTree::Ident(word) = &tree {
                last = word.span();
            }
            before.extend([tree]);
        }
        let is_async = input.parse::<Option<Token![async]>>()?.is_some();
        input.parse::<Token![fn]>()?;
        let name = input.parse()?;
        let arguments = match input.parse()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => group,
            other => return Err(syn::Error::new(other.span(), NO_PARAMETERS)),
        };
        let mut output = TokenStream::new();
        loop {
            match input.parse()? {
                TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                    return Ok(Self { before, is_async, name, arguments, output, body });
                }
                other => output.extend([other]),
            }
        }
    }
}

impl Function {
    fn should_panic(&self) -> bool {
        let is_attribute = |tree: TokenTree| match tree {
            TokenTree::Group(group) => {
                matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "should_panic")
            }
            _ => false,
        };
        self.before.clone().into_iter().any(is_attribute)
    }
}

pub(crate) fn expand(options: &Options, function: &Function) -> TokenStream {
    let Function { before, is_async, name, arguments, output, body } = function;
    let argument = match argument_type(options, function) {
        Ok(argument) => argument,
        Err(error) => return error.into_compile_error(),
    };
    if let (Migrations::OfTheCrate, Some(message)) = (&options.migrations, crate_root::without_migrations()) {
        return syn::Error::new(name.span(), message).into_compile_error();
    }
    let migrator = match &options.migrations {
        Migrations::OfTheCrate => quote! { crate::migrations::migrator() },
        Migrations::Of(path) => quote! { #path::migrator() },
        Migrations::None => quote! { ::atlas_migrate::Migrator::new(::atlas_migrate::Migrations::empty()) },
    };
    let contents = quote! { ::atlas_migrate::testing::Contents::from(#migrator) };
    let contents = match &options.seeds {
        Some(environment) => {
            let of = seeds_crate(&options.migrations);
            quote! { #contents.seeded(#of::seeds::seeder(#environment)) }
        }
        None => contents,
    };
    let expected = if function.should_panic() {
        quote! { Panic }
    } else {
        quote! { Return }
    };
    let expected = quote! { ::atlas_migrate::testing::__private::Expected::#expected };
    let (keyword, run) = if *is_async {
        let threads = match (&options.flavor, &options.worker_threads) {
            (Some(flavor), None) if flavor.value() == "multi_thread" => {
                quote! { ManyThreads(::core::option::Option::None) }
            }
            (Some(_), Some(threads)) => quote! { ManyThreads(::core::option::Option::Some(#threads)) },
            _ => quote! { OneThread },
        };
        let run = quote! {
            ::atlas_migrate::testing::__private::run::<#argument, _, _>(
                #contents, #expected, ::atlas_migrate::testing::__private::Runtime::#threads, #name
            )
        };
        (Some(quote! { async }), run)
    } else {
        (
            None,
            quote! { ::atlas_migrate::testing::__private::run_blocking::<#argument, _>(#contents, #expected, #name) },
        )
    };
    quote! {
        #before
        #[::core::prelude::v1::test]
        fn #name() #output {
            #keyword fn #name #arguments #output #body
            #run
        }
    }
}

/// The crate that has the module `seeds`: this one, or the package's library where that has the migrations.
fn seeds_crate(migrations: &Migrations) -> TokenStream {
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default().replace('-', "_");
    let Migrations::Of(path) = migrations else { return quote! { crate } };
    match path.clone().into_iter().find(|tree| matches!(tree, TokenTree::Ident(_))) {
        Some(TokenTree::Ident(name)) if name == package => quote! { ::#name },
        _ => quote! { crate },
    }
}

/// The type of the only argument, unless something is wrong with the function.
fn argument_type(options: &Options, function: &Function) -> Result<TokenStream> {
    let Function { is_async, name, arguments, .. } = function;
    if arguments.stream().is_empty() {
        let message = if *is_async {
            "a test takes its database: `pool: sqlx::PgPool`, `client: tokio_postgres::Client`, or \
             `database: atlas_migrate::testing::Database`"
        } else {
            "a test takes its database: `client: postgres::Client`, or `database: atlas_migrate::testing::Database`"
        };
        return Err(syn::Error::new(name.span(), message));
    }
    match &options.flavor {
        Some(flavor) if !is_async => Err(syn::Error::new(flavor.span(), "a test that is not `async` has no runtime")),
        _ => syn::parse2::<ArgumentType>(arguments.stream()).map(|argument| argument.0),
    }
}

struct ArgumentType(TokenStream);

impl Parse for ArgumentType {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let start = input.span();
        while input.peek(Token![::]) || !input.peek(Token![:]) {
            if input.is_empty() {
                return Err(syn::Error::new(start, "a test is a function of its own, outside of `impl`"));
            }
            if input.parse::<Option<Token![::]>>()?.is_none() {
                input.parse::<TokenTree>()?;
            }
        }
        input.parse::<Token![:]>()?;
        if input.peek(Token![impl]) {
            return Err(input.error(NO_PARAMETERS));
        }
        let (mut tokens, mut depth) = (TokenStream::new(), 0);
        while depth > 0 || !input.peek(Token![,]) {
            if input.is_empty() {
                return Ok(Self(tokens));
            }
            depth += i32::from(input.peek(Token![<]));
            depth -= i32::from(input.peek(Token![>]));
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        input.parse::<Token![,]>()?;
        if input.is_empty() { Ok(Self(tokens)) } else { Err(input.error("a test takes one argument, its database")) }
    }
}
