-- Migration: State of triggers
-- Description: What a trigger remembers from one event to the next: counters and moving averages
-- Date: 2026-03-03

CREATE TABLE trigger_state (
    trigger    uuid PRIMARY KEY REFERENCES triggers ON DELETE CASCADE,
    remembered jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER trigger_state_touch BEFORE UPDATE ON trigger_state FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
