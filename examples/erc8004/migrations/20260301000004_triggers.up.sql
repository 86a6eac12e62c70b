-- Migration: Triggers
-- Description: What users want to be told about
-- Date: 2026-03-02

CREATE TABLE triggers (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name       text NOT NULL,
    chain      bigint NOT NULL,
    registry   text NOT NULL CHECK (registry IN ('identity', 'reputation', 'validation')),
    is_enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (owner, name)
);

CREATE INDEX triggers_enabled ON triggers (chain, registry) WHERE is_enabled;

CREATE TRIGGER triggers_touch BEFORE UPDATE ON triggers FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
