//! Texts without what a clock decides.

const UNITS: [&str; 5] = ["ms", "s", "min", "h", "d"];

/// The text with `[n] ms` for each duration, in whatever unit, and `[n]` for each in JSON. What fills a column up to it goes.
pub fn without_times(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
        let length = rest[start..].find(|c: char| !is_part(c)).unwrap_or(rest.len() - start);
        let (before, number, behind) = (&rest[..start], &rest[start..start + length], &rest[start + length..]);
        let is_apart = before.is_empty() || before.ends_with([' ', '(', '\n', '>']);
        let is_number = is_apart && number.parse::<f64>().is_ok();
        let unit = behind.strip_prefix(' ').and_then(|behind| {
            let word = behind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            UNITS.contains(&word).then_some(word)
        });
        rest = behind;
        match unit {
            Some(unit) if is_number => {
                let padding = before.len() - before.trim_end_matches(' ').len();
                result += &before[..before.len() - padding.saturating_sub(2)];
                result += "[n] ms";
                rest = &behind[1 + unit.len()..];
            }
            _ if is_number && ["\"duration_ms\": ", "\"held_ms\": "].iter().any(|key| before.ends_with(key)) => {
                result += &format!("{before}[n]");
            }
            _ => result += &format!("{before}{number}"),
        }
    }
    result + rest
}

#[test]
fn times() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(without_times(text), expected);
    }
    check("applied  001 a      12.3 ms\n2 rows", "applied  001 a  [n] ms\n2 rows");
    check("(3 rows, 2 s) 1.5 min, after 2: 5 statements", "(3 rows, [n] ms) [n] ms, after 2: 5 statements");
    check("{\"duration_ms\": 1.25,\n\"rows\": 2}", "{\"duration_ms\": [n],\n\"rows\": 2}");
    check("001 s 50ms 2026-01-01T00:00:00Z", "[n] ms 50ms 2026-01-01T00:00:00Z");
}
