-- Migration: Their own record
-- Description: What the runner of this system kept before there was this library; it is left to it
-- Date: 2025-09-01

CREATE TABLE IF NOT EXISTS schema_migrations (
    filename   text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
