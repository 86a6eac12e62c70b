//! The input of a macro.

use std::env;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, Ident, LitStr, Result, Token, parenthesized};

/// The folder that a macro is given: `embed_migrations!("path")`, or nothing for the usual one.
pub(crate) struct Folder {
    /// Relative to the manifest of the calling crate, with `/` between its parts and none at its ends.
    pub(crate) path: String,
    /// Where errors point.
    pub(crate) span: Span,
    /// The variables that its path was made of.
    pub(crate) variables: Vec<String>,
}

impl Folder {
    /// Reads the input of a macro; without any it is the usual folder.
    pub(crate) fn parse(input: ParseStream<'_>, usual: &str) -> Result<Self> {
        let span = input.span();
        if input.is_empty() {
            return Ok(Self { path: usual.to_owned(), span, variables: Vec::new() });
        }
        let mut variables = Vec::new();
        let value = text(input, usual, &mut variables)?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("expected one folder and nothing behind it"));
        }
        let path = beside_manifest(&value).trim_end_matches('/');
        if path.is_empty() || path.starts_with('/') || path.contains(['\\', ':', '\0']) {
            let message =
                format!("expected a folder relative to `Cargo.toml`, with `/` between its parts, as in \"{usual}\"");
            return Err(Error::new(span, message));
        }
        Ok(Self { path: path.to_owned(), span, variables })
    }
}

/// A path relative to the manifest, of one that begins with `./` or with the manifest's folder.
fn beside_manifest(path: &str) -> &str {
    let manifest = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let below = path.strip_prefix(&manifest).filter(|_| !manifest.is_empty());
    below.and_then(|below| below.strip_prefix('/')).or(path.strip_prefix("./")).unwrap_or(path)
}

/// A string, or what the compiler would make one of: `concat!(…)`, `env!("NAME")`.
fn text(input: ParseStream<'_>, usual: &str, variables: &mut Vec<String>) -> Result<String> {
    if input.peek(LitStr) {
        return Ok(input.parse::<LitStr>()?.value());
    }
    let expected = format!("expected the folder as a string, as in \"{usual}\"; a macro sees no constants");
    if !(input.peek(Ident::peek_any) && input.peek2(Token![!])) {
        return Err(input.error(expected));
    }
    let name: Ident = input.call(Ident::parse_any)?;
    input.parse::<Token![!]>()?;
    let arguments;
    parenthesized!(arguments in input);
    let mut value = String::new();
    if name == "concat" {
        while !arguments.is_empty() {
            value += &text(&arguments, usual, variables)?;
            arguments.parse::<Option<Token![,]>>()?;
        }
    } else if name == "env" {
        let variable: LitStr = arguments.parse()?;
        arguments.step(|rest| Ok(((), skip(*rest))))?;
        let message = format!("the environment variable `{}` is not set while this is compiled", variable.value());
        value = env::var(variable.value()).map_err(|_| Error::new(variable.span(), message))?;
        variables.push(variable.value());
    } else {
        return Err(Error::new(name.span(), expected));
    }
    Ok(value)
}

/// What `env!` is to say if the variable is not set, which is said in our words.
fn skip(mut rest: syn::buffer::Cursor<'_>) -> syn::buffer::Cursor<'_> {
    while let Some((_, next)) = rest.token_tree() {
        rest = next;
    }
    rest
}
