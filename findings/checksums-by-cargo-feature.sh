#!/bin/bash
# One would guess: refinery's checksum of a migration depends on the migration.
# In fact: the version goes in as 4 bytes, or as 8 with the feature int8-versions. Cargo unifies the features of all that
# is built together, so one neighbour in the workspace that asks for the feature changes the checksums of a program that does not:
# `cargo build -p app` and `cargo build` make two binaries of the same source, and each finds the other's history divergent.
set -euo pipefail

tmp=$(mktemp -d /tmp/finding.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
export CARGO_TARGET_DIR=$tmp/target
mkdir -p app/src neighbour/src
cat >Cargo.toml <<'TOML'
[workspace]
members = ["app", "neighbour"]
resolver = "2"
TOML
cat >app/Cargo.toml <<'TOML'
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
refinery-core = { version = "=0.10.0", default-features = false }
TOML
cat >app/src/main.rs <<'RUST'
fn main() {
    let migration = refinery_core::Migration::unapplied("V1__users", "CREATE TABLE users (id int);");
    println!("{}", migration.expect("a valid name").checksum());
}
RUST
sed -e 's/"app"/"neighbour"/' -e 's/false }/false, features = ["int8-versions"] }/' app/Cargo.toml >neighbour/Cargo.toml
touch neighbour/src/lib.rs

timeout 900 cargo build --quiet -p app
grep -A1 'name = "refinery-core"' Cargo.lock
alone=$(target/debug/app)
timeout 900 cargo build --quiet
together=$(target/debug/app)
echo "cargo build -p app: $alone"
echo "cargo build:        $together"
want="3929398653362935689 8256951458158512351"
[ "$alone $together" = "$want" ] || { echo "CHANGED, they were: $want" >&2; exit 1; }
