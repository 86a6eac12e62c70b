//! Durations, for people and for programs.

use std::time::Duration;

/// The units of a text, how many seconds each has, and from how many on the next one is used.
const UNITS: [(&str, f64, f64); 5] =
    [("ms", 0.001, 1000.0), ("s", 1.0, 60.0), ("min", 60.0, 60.0), ("h", 3600.0, 24.0), ("d", 86400.0, f64::INFINITY)];

/// In one unit, with three digits at the most: `0.42 ms`, `12.3 s`, `15 min`.
pub fn shown(duration: Duration) -> String {
    let in_unit = |(unit, seconds, limit): (&str, f64, f64)| {
        let number = three_digits(duration.as_secs_f64() / seconds);
        (number < limit).then(|| format!("{number} {unit}"))
    };
    UNITS.into_iter().find_map(in_unit).unwrap_or_default()
}

fn three_digits(number: f64) -> f64 {
    let scale = match number {
        ..0.0995 => 1000.0,
        ..9.995 => 100.0,
        ..99.95 => 10.0,
        _ => 1.0,
    };
    (number * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(microseconds: u64, expected: &str) {
        assert_eq!(shown(Duration::from_micros(microseconds)), expected);
    }

    #[test]
    fn c4_one_unit_and_three_digits() {
        check(0, "0 ms");
        check(4, "0.004 ms");
        check(420, "0.42 ms");
        check(1_000, "1 ms");
        check(9_994, "9.99 ms");
        check(9_996, "10 ms");
        check(12_340, "12.3 ms");
        check(99_960, "100 ms");
        check(999_400, "999 ms");
        check(999_600, "1 s");
        check(1_500_000, "1.5 s");
        check(59_940_000, "59.9 s");
        check(59_960_000, "1 min");
        check(90_000_000, "1.5 min");
        check(900_000_000, "15 min");
        check(3_599_000_000, "1 h");
        check(5_400_000_000, "1.5 h");
        check(86_400_000_000, "1 d");
        check(36_000_000_000_000, "417 d");
    }
}
