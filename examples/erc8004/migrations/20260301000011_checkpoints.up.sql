-- Migration: Checkpoints
-- Description: Up to which block each chain has been read
-- Date: 2026-03-05

CREATE TABLE checkpoints (
    chain      bigint PRIMARY KEY,
    block      bigint NOT NULL CHECK (block >= 0),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER checkpoints_touch BEFORE UPDATE ON checkpoints FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
