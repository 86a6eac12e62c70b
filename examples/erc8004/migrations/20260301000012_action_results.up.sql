-- Migration: Results of actions
-- Description: What was done about which event, and how it went
-- Date: 2026-03-05

CREATE TABLE action_results (
    id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    action   uuid NOT NULL REFERENCES trigger_actions ON DELETE CASCADE,
    -- An event's key has its time in it, so there is no foreign key.
    event    uuid NOT NULL,
    attempts integer NOT NULL DEFAULT 1 CHECK (attempts > 0),
    failure  text,
    took     interval NOT NULL,
    done_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX action_results_by_action ON action_results (action, done_at DESC);
CREATE INDEX action_results_by_event ON action_results (event);
CREATE INDEX action_results_failed ON action_results (done_at) WHERE failure IS NOT NULL;
