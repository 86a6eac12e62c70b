-- Migration: Conditions
-- Description: Which events a trigger is for: those that meet all of its conditions
-- Date: 2026-03-02

CREATE TABLE trigger_conditions (
    trigger  uuid NOT NULL REFERENCES triggers ON DELETE CASCADE,
    position integer NOT NULL CHECK (position > 0),
    field    text NOT NULL,
    operator text NOT NULL CHECK (operator IN ('=', '<', '>', 'contains', 'average <')),
    value    jsonb NOT NULL,
    PRIMARY KEY (trigger, position)
);
