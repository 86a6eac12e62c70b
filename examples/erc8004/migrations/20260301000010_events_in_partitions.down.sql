ALTER TABLE events RENAME TO events_in_partitions;
CREATE TABLE events (LIKE events_in_partitions INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
INSERT INTO events SELECT * FROM events_in_partitions;
DROP TABLE events_in_partitions;

ALTER TABLE events ADD CONSTRAINT events_pkey PRIMARY KEY (id, happened_at);
CREATE INDEX events_by_block ON events (chain, block);
CREATE INDEX events_by_agent ON events (agent, happened_at DESC);
CREATE TRIGGER events_tell AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION tell_new_event();
