#!/bin/bash
# One would guess: node-pg-migrate can take over a folder of files named by YYYYMMDDhhmmss (Rails, dbmate, diesel).
# In fact: 13 digits are milliseconds, 17 digits a date, any other length is milliseconds again, so 14 digits lie in the year 2611.
# The old files apply cleanly. Then every file that its own `create` makes, in either format, sorts *before* them: `up` refuses it,
# and in a fresh database it runs first, before the table that it alters exists.
set -euo pipefail
umask 022

tmp=$(mktemp -d /tmp/finding.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
    user=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$user" "$tmp"
    as=(setpriv --reuid "$user" --regid "$(id -gn "$user")" --clear-groups)
fi
bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort -V | tail -1)

stop() { timeout 60 "${as[@]}" "$bin/pg_ctl" -D "$tmp/data" -m fast -w stop >/dev/null 2>&1 || true; }
trap 'stop; rm -rf "$tmp"' EXIT
holds() {
    echo "$1: ${2:-nothing}"
    [ "$2" = "$3" ] || { echo "CHANGED, it was: ${3:-nothing}" >&2; exit 1; }
}

timeout 120 "${as[@]}" "$bin/initdb" -N -A trust -U postgres -E UTF8 --locale=C -D "$tmp/data" >/dev/null
timeout 60 "${as[@]}" "$bin/pg_ctl" -D "$tmp/data" -w -l "$tmp/log" -o "-k $tmp -h '' -F" start >/dev/null
query() { timeout 60 "$bin/psql" -X -h "$tmp" -U postgres -qAt -v ON_ERROR_STOP=1 "$@"; }
query -c "SELECT 'PostgreSQL ' || current_setting('server_version')"

mkdir "$tmp/npm" "$tmp/migrations"
cd "$tmp"
timeout 300 npm install --silent --no-audit --no-fund --prefix "$tmp/npm" node-pg-migrate@9.0.0 pg@8.23.1
run() {
    DATABASE_URL="postgres://postgres@/$1?host=$tmp" timeout 60 "$tmp/npm/node_modules/.bin/node-pg-migrate" "${@:2}" -m migrations 2>&1
}

echo 'CREATE TABLE orders (id int);' >migrations/20240301120000_orders.sql
query -c 'CREATE DATABASE old' -c 'CREATE DATABASE fresh'
holds "the old file" "$(run old up | tail -1)" "Migrations complete!"

for format in timestamp utc; do
    run old create --migration-filename-format "$format" -j sql total | sed 's/^/-- /'
    file=$(find migrations -name '*_total.sql')
    echo 'ALTER TABLE orders ADD total int;' >"$file"
    holds "a new file ($format)" "$(run old up | grep -o 'Not run migration .*' | sed "s/ [0-9]*_total/ …_total/")" \
        "Not run migration …_total is preceding already run migration 20240301120000_orders"
    holds "a fresh database" "$(run fresh up | grep -o -m1 'relation .*exist')" 'relation "orders" does not exist'
    rm "$file"
done
