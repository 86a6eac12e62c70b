-- Migration: Actions
-- Description: What happens when an event meets the conditions
-- Date: 2026-03-02

CREATE TABLE trigger_actions (
    id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    trigger  uuid NOT NULL REFERENCES triggers ON DELETE CASCADE,
    position integer NOT NULL CHECK (position > 0),
    kind     text NOT NULL CHECK (kind IN ('message', 'request', 'tool')),
    settings jsonb NOT NULL,
    UNIQUE (trigger, position)
);
