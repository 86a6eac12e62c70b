#!/bin/bash
# One would guess: cargo started by a test (trybuild does it, and so do tests of examples) finds what is built already.
# In fact: ring 0.17's build script asks to be run again when CARGO_MANIFEST_DIR or CARGO_PKG_* change in the environment. A test has
# those of its own package, so cargo within it compiles ring and all above it (rustls, sqlx with TLS) once more; and the next cargo
# outside does it again, since they are unset there. Tests that unset them before they start cargo build nothing.
set -euo pipefail

tmp=$(mktemp -d /tmp/finding.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
export CARGO_TARGET_DIR=$tmp/target
mkdir -p src tests
cat >Cargo.toml <<'TOML'
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
ring = "=0.17.14"
TOML
echo 'pub use ring::digest;' >src/lib.rs
cat >tests/builds.rs <<'RUST'
#[test]
fn builds() {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.arg("build");
    if std::env::var_os("UNSET").is_some() {
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    print!("{}", String::from_utf8(cargo.output().unwrap().stderr).unwrap());
}
RUST

# How often ring is compiled: outside, within a test, and outside again; then the same within a test that unsets them.
compiled() { "$@" 2>&1 | grep -c "Compiling ring v" || true; }
test_of() { timeout 900 cargo test --test builds -- --nocapture; }
timeout 900 cargo build --quiet
timeout 900 cargo test --quiet --no-run
seen="$(compiled cargo build) $(compiled test_of) $(compiled cargo build) $(UNSET=1 compiled test_of)"
cargo --version
grep -A1 'name = "ring"' Cargo.lock
echo "ring compiled by: cargo build, cargo build in a test, cargo build, cargo build in a test that unsets them: $seen"
[ "$seen" = "0 1 1 0" ] || { echo "CHANGED, they were: 0 1 1 0" >&2; exit 1; }
