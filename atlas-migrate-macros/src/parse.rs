//! The input of a macro.

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{LitStr, Result, Token};

/// The folder that a macro is given: `embed_migrations!("path")`, or nothing for the usual one.
pub(crate) struct Folder {
    /// Relative to the manifest of the calling crate, with `/` between its parts and none at its ends.
    pub(crate) path: String,
    /// Where errors point.
    pub(crate) span: Span,
}

impl Folder {
    /// Reads the input of a macro; without any it is the usual folder.
    pub(crate) fn parse(input: ParseStream<'_>, usual: &str) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self { path: usual.to_owned(), span: input.span() });
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
                format!("expected a folder relative to `Cargo.toml`, with `/` between its parts, as in \"{usual}\"");
            return Err(syn::Error::new(literal.span(), message));
        }
        Ok(Self { path: path.to_owned(), span: literal.span() })
    }
}
