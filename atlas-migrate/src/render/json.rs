//! Reports as JSON for people and programs.

use atlas_migrate_core::fault::shown;
use serde::Serialize;

/// With line feeds and spaces. Fields are in the order of their declaration. What would steer a terminal that shows it is
/// escaped, as JSON has it.
pub fn pretty(report: &impl Serialize) -> String {
    match serde_json::to_string_pretty(report) {
        Ok(text) => escaped(text),
        Err(error) => unreachable!("texts, numbers and lists of them can always be written: {error}"),
    }
}

/// Such characters are in strings alone.
fn escaped(text: String) -> String {
    let is_escaped = |c: char| c != '\n' && shown(c.encode_utf8(&mut [0; 4])).len() > c.len_utf8();
    if !text.contains(is_escaped) {
        return text;
    }
    let escape = |c: char| if is_escaped(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d15_json_steers_no_terminal() {
        let names = ["a\u{1b}[2J\u{9b}2J\u{7f}", "\u{202e}b", "Größe \"漢字\" \\ 🙂"];
        let text = pretty(&names);
        assert!(text.contains(r"a\u001b[2J\u009b2J\u007f") && text.contains(r"\u202eb"), "{text}");
        assert!(text.contains("Größe") && text.contains("漢字") && text.contains('🙂'), "{text}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), names);
    }
}
