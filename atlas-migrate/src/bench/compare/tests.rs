use std::time::Duration;

use super::*;
use crate::bench::Latency;
use crate::bench::plan::Buffers;

fn measured(name: &str, p50: u64, hit: u64, plan: &str) -> Measured {
    Measured {
        name: name.to_owned(),
        title: None,
        place: format!("benchmarks/{name}.sql:1"),
        latency: Some(Latency::of(vec![Duration::from_micros(p50)])),
        buffers: Some(Buffers { hit, read: 0 }),
        plan: vec![plan.to_owned()],
        gates: Vec::new(),
        failure: None,
    }
}

fn report<const N: usize>(benchmarks: [Measured; N]) -> BenchReport {
    BenchReport { benchmarks: benchmarks.into(), duration: Duration::from_millis(1) }
}

fn failed(name: &str) -> Measured {
    let failure = Some("no such thing".to_owned());
    Measured { latency: None, buffers: None, plan: Vec::new(), failure, ..measured(name, 0, 0, "") }
}

#[test]
fn with_an_earlier_report() {
    let before = report([
        measured("slower", 400, 10, "Index Scan"),
        measured("same", 250, 0, "Result"),
        measured("gone", 100, 1, "Result"),
        failed("mended"),
        measured("broken", 100, 1, "Result"),
    ]);
    let now = report([
        measured("new", 1, 1, "Result"),
        measured("slower", 1000, 25, "Seq Scan"),
        measured("same", 250, 5, "Result"),
        measured("mended", 100, 1, "Result"),
        failed("broken"),
    ]);
    let comparison = now.compare(&before.to_json()).unwrap();
    let expected = "\
benchmark  p50 before       now  ratio  buffers before  now  ratio  plan
new                 -  0.001 ms      -               -    1      -  new
slower         0.4 ms      1 ms   2.50              10   25   2.50  changed
same          0.25 ms   0.25 ms   1.00               0    5      -  same
mended              -    0.1 ms      -               -    1      -  changed
broken         0.1 ms         -      -               1    -      -  changed
gone           0.1 ms         -      -               1    -      -  gone";
    assert_eq!(comparison.to_string(), expected);
}

#[test]
fn with_what_is_no_report() {
    for (baseline, says) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[]", "invalid length 0"),
        ("{}", "missing field `benchmarks`"),
        ("{\"benchmarks\": [{\"name\": \"a\"}]}", "missing field `plan`"),
    ] {
        let error = report([]).compare(baseline).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Source);
        assert!(error.to_string().contains(says), "{error}");
    }
    let negative = r#"{"benchmarks": [{"name": "a", "plan": [], "latency_ms": {"p50": -1}, "later": 1}]}"#;
    let comparison = report([failed("a")]).compare(negative).unwrap();
    assert_eq!(comparison.benchmarks()[0].p50_ratio(), None);
}
