-- Migration: Times of changes
-- Description: What the triggers on updated_at call
-- Date: 2026-03-01

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;
