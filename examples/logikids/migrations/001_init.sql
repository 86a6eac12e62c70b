-- Migration: Data of users
-- Description: What a learner's devices share, encrypted before it gets here
-- Date: 2025-09-01

CREATE TABLE IF NOT EXISTS user_sync_data (
    user_id    uuid PRIMARY KEY,
    sealed     bytea NOT NULL,
    revision   bigint NOT NULL DEFAULT 1 CHECK (revision > 0),
    updated_at timestamptz NOT NULL DEFAULT now()
);
