-- Migration: Invite codes
-- Description: Nobody registers without one
-- Date: 2025-09-14

CREATE TABLE IF NOT EXISTS invite_codes (
    code       text PRIMARY KEY CHECK (code ~ '^[A-Z]{4}-[0-9]{4}$'),
    uses_left  integer NOT NULL DEFAULT 1 CHECK (uses_left >= 0),
    expires_at timestamptz
);

CREATE INDEX IF NOT EXISTS invite_codes_that_can_be_used ON invite_codes (expires_at) WHERE uses_left > 0;
