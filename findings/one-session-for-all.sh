#!/bin/bash
# One would guess: migration tools that take an advisory lock exclude each other on PGlite behind its socket as on a server.
# In fact: all connections are one session of one backend, so each of them gets the same lock, in whatever database (any
# name connects). An exclusive lock of one connection does not hold up the other.
# A search path or temporary table of one connection is the other's too, and outlives the connection.
set -euo pipefail

tmp=$(mktemp -d /tmp/finding.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
timeout 300 npm install --silent --no-audit --no-fund @electric-sql/pglite@0.5.14 @electric-sql/pglite-socket@0.2.17 pg@8.23.1
cat >try.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import pg from 'pg';
const db = await PGlite.create();
const server = new PGLiteSocketServer({ db, path: process.argv[2], maxConnections: 3 });
await server.start();
const connect = async (database) => {
    const client = new pg.Client({ host: process.cwd(), user: 'postgres', database });
    await client.connect();
    return client;
};
const value = async (client, sql) => Object.values((await client.query(sql)).rows[0])[0];
const one = await connect('postgres');
const two = await connect('no_such_database');
console.error(await value(one, 'SELECT version()'));
const got = [];
for (const client of [one, two]) got.push(await value(client, 'SELECT pg_try_advisory_lock(7)'));
got.push(await value(two, 'SELECT current_database()'));
got.push((await value(one, 'SELECT pg_backend_pid()')) === (await value(two, 'SELECT pg_backend_pid()')));
await one.query('SET search_path = elsewhere');
await one.query('CREATE TEMP TABLE mine (a int)');
await one.end();
const three = await connect('postgres');
got.push(await value(three, 'SHOW search_path'));
got.push(await value(three, "SELECT to_regclass('pg_temp.mine') IS NOT NULL"));
got.push(await value(three, "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'"));
console.log(got.join(' '));
await two.end();
await three.end();
await server.stop();
process.exit(0);
JS
got=$(timeout 120 node try.mjs "$tmp/.s.PGSQL.5432")
echo "lock of the first, lock of the second, database of the second, same backend,"
echo "then in a third connection: search path, temporary table there, advisory locks held:"
echo "    $got"
want='true true postgres true elsewhere true 1'
[ "$got" = "$want" ] || { echo "CHANGED, it was: $want" >&2; exit 1; }
