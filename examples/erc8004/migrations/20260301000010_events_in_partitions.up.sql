-- Migration: Events in partitions of a week
-- Description: By PostgreSQL itself, where there is no TimescaleDB
-- Date: 2026-03-04
-- atlas:skip-unless NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
-- atlas:require NOT EXISTS (SELECT FROM events) | there are events: move them away, and put them back when it is done

ALTER TABLE events RENAME TO events_in_one;
CREATE TABLE events (LIKE events_in_one INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (happened_at);
DROP TABLE events_in_one;

ALTER TABLE events ADD CONSTRAINT events_pkey PRIMARY KEY (id, happened_at);
CREATE INDEX events_by_block ON events (chain, block);
CREATE INDEX events_by_agent ON events (agent, happened_at DESC);
CREATE TRIGGER events_tell AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION tell_new_event();

CREATE TABLE events_of_other_weeks PARTITION OF events DEFAULT;

DO $$
DECLARE
    monday date;
BEGIN
    FOR week IN 0..7 LOOP
        monday := date '2026-03-02' + 7 * week;
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
            'events_' || to_char(monday, 'YYYYMMDD'), monday || ' 00:00:00+00', monday + 7 || ' 00:00:00+00'
        );
    END LOOP;
END
$$;
