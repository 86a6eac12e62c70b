#!/bin/bash
# One would guess: what a schema diff prints can be run, or the diff says nothing.
# In fact: if a unique constraint differs only in NULLS NOT DISTINCT, migra 3.0 (PyPI) drops the constraint, and its index with it,
# then adds it again USING that index: the script fails. Its TypeScript port, @pgkit/migra 0.6, makes the index first.
# Both are blind to the bounds of a partition, to a view's security_invoker and check option, and to a sequence's increment.
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

cd "$tmp"
mkdir npm
timeout 300 npm install --silent --no-audit --no-fund --prefix "$tmp/npm" @pgkit/migra@0.6.1
python3 -m venv venv
timeout 300 venv/bin/pip -q --disable-pip-version-check install migra==3.0.1663481299 schemainspect==3.1.1663587362 sqlbag==0.1.1617247075 \
    SQLAlchemy==2.1.9 psycopg==3.3.9 psycopg-binary==3.3.9 psycopg2-binary==2.9.13 setuptools==65.5.0
migra() { timeout 60 venv/bin/python -W ignore venv/bin/migra --unsafe "postgresql://postgres@/$1?host=$tmp" "postgresql://postgres@/$2?host=$tmp" || true; }
port() { timeout 60 npm/node_modules/.bin/migra run "postgres://postgres@localhost/$1?host=$tmp" "postgres://postgres@localhost/$2?host=$tmp" --unsafe; }

query -c 'CREATE DATABASE have' -c 'CREATE DATABASE want'
query -d have -c 'CREATE TABLE users (mail text, CONSTRAINT one_mail UNIQUE (mail))'
query -d want -c 'CREATE TABLE users (mail text, CONSTRAINT one_mail UNIQUE NULLS NOT DISTINCT (mail))'
migra have want | tee migra.sql
holds "migra's script" "$(query -d have -1 -f migra.sql 2>&1 | grep -o 'index .* does not exist' || true)" 'index "one_mail" does not exist'
port have want >port.sql
holds "the port's script" "$(query -d have -1 -f port.sql 2>&1 | grep ERROR || true)" ""
holds "what is left to do" "$(migra have want)$(port have want)" ""

query -d have -f - <<'SQL'
CREATE TABLE events (day int) PARTITION BY LIST (day);
CREATE TABLE monday PARTITION OF events FOR VALUES IN (1);
CREATE SEQUENCE numbers;
CREATE VIEW mails AS SELECT mail FROM users WHERE mail <> '';
SQL
query -d want -f - <<'SQL'
CREATE TABLE events (day int) PARTITION BY LIST (day);
CREATE TABLE monday PARTITION OF events FOR VALUES IN (0);
CREATE SEQUENCE numbers INCREMENT 10;
CREATE VIEW mails WITH (security_invoker = true, check_option = cascaded) AS SELECT mail FROM users WHERE mail <> '';
SQL
holds "the diff of bounds, view options and increment" "$(migra have want)$(port have want)" ""
