-- Migration: Events
-- Description: What happened on the chains. Whoever listens to new_event is told
-- Date: 2026-03-03

CREATE TABLE events (
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    happened_at timestamptz NOT NULL,
    chain       bigint NOT NULL,
    block       bigint NOT NULL CHECK (block >= 0),
    registry    text NOT NULL CHECK (registry IN ('identity', 'reputation', 'validation')),
    agent       bigint NOT NULL,
    payload     jsonb NOT NULL,
    PRIMARY KEY (id, happened_at)
);

CREATE INDEX events_by_block ON events (chain, block);
CREATE INDEX events_by_agent ON events (agent, happened_at DESC);

CREATE FUNCTION tell_new_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('new_event', jsonb_build_object('id', NEW.id, 'registry', NEW.registry, 'agent', NEW.agent)::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER events_tell AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION tell_new_event();
