-- Migration: Events in chunks of a week
-- Description: By TimescaleDB, where the server has it
-- Date: 2026-03-04
-- atlas:skip-unless EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
-- atlas:require NOT EXISTS (SELECT FROM events) | there are events: move them away, and put them back when it is done

CREATE EXTENSION IF NOT EXISTS timescaledb;
SELECT create_hypertable('events', 'happened_at', chunk_time_interval => interval '7 days');
