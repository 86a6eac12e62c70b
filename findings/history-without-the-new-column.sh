#!/bin/bash
# One would guess: `periods` (system versioning as in SQL:2016) refuses ALTER TABLE, which its README asks to do with versioning
# switched off, as its event trigger refuses to drop the functions, triggers and constraints that it needs.
# In fact (1.2.2): ADD COLUMN succeeds, the history table does not get the column, and each later UPDATE or DELETE writes a history
# without its old value: no error, no warning, it is gone. Dropping a period's own column succeeds too, and leaves the period behind.
set -euo pipefail
umask 022

tmp=$(mktemp -d /tmp/finding.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
    user=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$user" "$tmp"
    as=(setpriv --reuid "$user" --regid "$(id -gn "$user")" --clear-groups)
fi
bin=$tmp/deb/usr/lib/postgresql/15/bin

stop() { timeout 60 "${as[@]}" "$bin/pg_ctl" -D "$tmp/data" -m fast -w stop >/dev/null 2>&1 || true; }
trap 'stop; rm -rf "$tmp"' EXIT
holds() {
    echo "$1: ${2:-nothing}"
    [ "$2" = "$3" ] || { echo "CHANGED, it was: ${3:-nothing}" >&2; exit 1; }
}

mkdir "$tmp/fetched"
cd "$tmp/fetched"
timeout 300 apt-get -qq -o APT::Sandbox::User=root download postgresql-15 postgresql-client-15 postgresql-15-periods=1.2.2-1+b1
for package in ./*.deb; do dpkg -x "$package" "$tmp/deb"; done
chmod -R a+rX "$tmp/deb"
cd "$tmp"
timeout 120 "${as[@]}" "$bin/initdb" -N -A trust -U postgres -E UTF8 --locale=C -D "$tmp/data" >/dev/null
timeout 60 "${as[@]}" "$bin/pg_ctl" -D "$tmp/data" -w -l "$tmp/log" -o "-k $tmp -h '' -F" start >/dev/null
query() { timeout 60 "$bin/psql" -X -h "$tmp" -U postgres -qAt "$@" 2>&1; }

query -v ON_ERROR_STOP=1 -f - <<'SQL' >"$tmp/out" || cat "$tmp/out"
CREATE EXTENSION periods CASCADE;
CREATE TABLE prices (item int, price int);
SELECT periods.add_system_time_period('prices');
SELECT periods.add_system_versioning('prices');
SQL
query -c "SELECT 'PostgreSQL ' || current_setting('server_version') || ', periods ' || extversion FROM pg_extension WHERE extname = 'periods'"
holds "DROP FUNCTION" "$(query -c 'DROP FUNCTION prices__as_of' | grep -o 'because it is used in SYSTEM VERSIONING')" "because it is used in SYSTEM VERSIONING"
holds "ADD COLUMN" "$(query -c 'ALTER TABLE prices ADD currency text')" ""
query -c "INSERT INTO prices VALUES (1, 10)" -c "UPDATE prices SET currency = 'EUR'"
holds "UPDATE of the new column" "$(query -c "UPDATE prices SET currency = 'USD'")" ""
holds "rows in the history" "$(query -c 'SELECT count(*) FROM prices_history')" 2
holds "the new column in the history" "$(query -c "SELECT count(*) FROM pg_attribute WHERE attrelid = 'prices_history'::regclass AND attname = 'currency'")" 0

query -c 'CREATE TABLE rents (home int, since date, until date)' -c "SELECT periods.add_period('rents', 'lease', 'since', 'until')" >/dev/null
holds "DROP COLUMN of a period's end" "$(query -c 'ALTER TABLE rents DROP until')" ""
holds "the period's end afterwards" "$(query -c "SELECT end_column_name FROM periods.periods WHERE table_name = 'rents'::regclass")" until
