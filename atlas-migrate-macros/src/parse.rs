//! The input of a macro.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Result, Token};

/// The folder that a macro is given: `embed_migrations!("path")`, or nothing for `"migrations"`.
pub(crate) struct Folder {
    /// Relative to the manifest of the calling crate, with `/` between its parts and none at its ends.
    pub(crate) path: String,
    /// Where errors point.
    pub(crate) span: Span,
}

impl Parse for Folder {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self { path: "migrations".to_owned(), span: input.span() });
        }
        let literal: LitStr = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("expected one folder and nothing behind it"));
        }
        let value = literal.value();
        let path = value.strip_prefix("./").unwrap_or(&value).trim_end_matches('/');
        if path.is_empty() || path.starts_with('/') || path.contains(['\\', ':', '\0']) {
            let message =
                "expected a folder relative to `Cargo.toml`, with `/` between its parts, as in \"migrations\"";
            return Err(syn::Error::new(literal.span(), message));
        }
        Ok(Self { path: path.to_owned(), span: literal.span() })
    }
}
