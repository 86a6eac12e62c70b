#!/bin/bash
# One would guess: now() is when the transaction began, so rows of three transactions have three times in the order of their commits,
# and ORDER BY created_at (DEFAULT now()) shows which file came first.
# In fact: of transactions that a client sends in one message all have the same now(), the moment at which the message came, be
# there half a second between them; transaction ids differ. pg's query() with several statements is such a message, and so is psql's -c.
# Sent one by one they differ. clock_timestamp() differs either way.
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

mkdir "$tmp/npm"
timeout 300 npm install --silent --no-audit --no-fund --prefix "$tmp/npm" pg@8.23.1
cat >"$tmp/npm/three.js" <<'JS'
// Three transactions, with half a second in each: in one message, or in nine.
const { Client } = require('pg');
(async () => {
    const client = new Client({ host: process.argv[2], user: 'postgres', database: 'postgres' });
    await client.connect();
    await client.query(`CREATE TABLE log (id int, xid bigint DEFAULT txid_current(), created_at timestamptz DEFAULT now(),
        clock timestamptz DEFAULT clock_timestamp())`);
    const statements = [1, 2, 3].flatMap((id) => ['BEGIN', `INSERT INTO log (id) SELECT ${id} FROM pg_sleep(0.5)`, 'COMMIT']);
    for (const message of process.argv[3] === 'one' ? [statements.join('; ')] : statements) await client.query(message);
    await client.end();
})();
JS
told="SELECT concat_ws(' ', count(DISTINCT xid), 'transactions,', count(DISTINCT created_at), 'times of now(),',
    count(DISTINCT clock), 'of the clock') FROM log"
for message in one nine; do
    query -c 'DROP TABLE IF EXISTS log'
    timeout 60 node "$tmp/npm/three.js" "$tmp" "$message"
    case $message in
        one) holds "in one message" "$(query -c "$told")" "3 transactions, 1 times of now(), 3 of the clock" ;;
        nine) holds "in nine" "$(query -c "$told")" "3 transactions, 3 times of now(), 3 of the clock" ;;
    esac
done
