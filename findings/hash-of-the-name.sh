#!/bin/bash
# One would guess: yoyo's column `migration_hash` holds a hash of the migration, so that an edited file, or another file of the same
# name, is noticed.
# In fact (9.0): it holds the SHA-256 of the file's name. An edited file counts as applied; so does the 0001-init.sql of a second
# application in the same database, whose table is never made (exit 0); and its rollback script runs against the first one's tables.
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

python3 -m venv "$tmp/venv"
timeout 300 "$tmp/venv/bin/pip" -q --disable-pip-version-check install yoyo-migrations==9.0.0 psycopg2-binary==2.9.13 setuptools==65.5.0
cd "$tmp"
mkdir shop blog
yoyo() { timeout 120 "$tmp/venv/bin/python" -W ignore "$tmp/venv/bin/yoyo" "$1" --batch --no-config-file --database "postgresql://postgres@/postgres?host=$tmp" "$2"; }
tables() { query -c "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relname IN ('orders', 'posts', 'edited')"; }

echo 'CREATE TABLE orders (id int);' >shop/0001-init.sql
echo 'CREATE TABLE posts (id int);' >blog/0001-init.sql
echo 'DROP TABLE IF EXISTS posts, orders;' >blog/0001-init.rollback.sql
yoyo apply shop
holds "migration_hash" "$(query -c 'SELECT migration_hash FROM _yoyo_migration')" "$(printf %s 0001-init | sha256sum | cut -d' ' -f1)"
holds "apply of the second application" "$(yoyo apply blog >/dev/null 2>&1 && echo succeeds)" succeeds
holds "its list" "$(yoyo list blog | grep -o '^A *0001-init')" "A         0001-init"
holds "the tables" "$(tables)" orders
echo 'CREATE TABLE edited (id int);' >shop/0001-init.sql
holds "apply of the edited file" "$(yoyo apply shop >/dev/null 2>&1 && echo succeeds)" succeeds
holds "the tables" "$(tables)" orders
yoyo rollback blog
holds "the tables after a rollback of the second application" "$(tables)" ""
