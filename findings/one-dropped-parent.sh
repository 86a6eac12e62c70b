#!/bin/bash
# One would guess: DROP TABLE on a table that pg_partman maintains ends the maintenance of that table, or is refused.
# In fact (4.7.2): the row in part_config stays, and from then on run_maintenance() and run_maintenance_proc() stop at it with an
# error: no other table gets new partitions any more, and the rows of later days go to the default partition, until somebody
# deletes the row by hand. Because of it, create_parent() also refuses a new table of that name.
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
timeout 300 apt-get -qq -o APT::Sandbox::User=root download postgresql-15 postgresql-client-15 postgresql-15-partman=4.7.2-1
for package in ./*.deb; do dpkg -x "$package" "$tmp/deb"; done
chmod -R a+rX "$tmp/deb"
cd "$tmp"
timeout 120 "${as[@]}" "$bin/initdb" -N -A trust -U postgres -E UTF8 --locale=C -D "$tmp/data" >/dev/null
timeout 60 "${as[@]}" "$bin/pg_ctl" -D "$tmp/data" -w -l "$tmp/log" -o "-k $tmp -h '' -F" start >/dev/null
query() { timeout 60 "$bin/psql" -X -h "$tmp" -U postgres -qAt "$@"; }
error() { query -c "$1" 2>&1 | sed -n 's/.*ERROR: */ERROR: /p'; }
partitions() { query -c "SELECT count(*) FROM pg_inherits WHERE inhparent = '$1'::regclass"; }

query -v ON_ERROR_STOP=1 -f - <<'SQL' >/dev/null
CREATE SCHEMA partman;
CREATE EXTENSION pg_partman SCHEMA partman;
CREATE TABLE clicks (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE orders (id int, at date NOT NULL) PARTITION BY RANGE (at);
SELECT partman.create_parent('public.clicks', 'at', 'native', 'daily');
SELECT partman.create_parent('public.orders', 'at', 'native', 'daily');
INSERT INTO orders VALUES (1, current_date);
SQL
query -c "SELECT 'PostgreSQL ' || current_setting('server_version') || ', pg_partman ' || extversion FROM pg_extension WHERE extname = 'pg_partman'"
before=$(partitions orders)
query -c 'DROP TABLE clicks' -c "UPDATE partman.part_config SET premake = premake + 3"
missing='ERROR: Given parent table not found in system catalogs: public.clicks'
holds "run_maintenance()" "$(error 'SELECT partman.run_maintenance()')" "$missing"
holds "run_maintenance_proc()" "$(error 'CALL partman.run_maintenance_proc()')" "$missing"
holds "new partitions of orders" "$(($(partitions orders) - before))" 0
query -c "SELECT partman.run_maintenance('public.orders')" >/dev/null
holds "new partitions of orders if it alone is asked for" "$(($(partitions orders) - before))" 3
query -c 'CREATE TABLE clicks (id int, at date NOT NULL) PARTITION BY RANGE (at)'
holds "create_parent() of the table made again" "$(error "SELECT partman.create_parent('public.clicks', 'at', 'native', 'daily')")" \
    'ERROR: duplicate key value violates unique constraint "part_config_parent_table_pkey"'
