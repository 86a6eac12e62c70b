-- Migration: Tags
-- Description: Any number of tags for each note
-- Date: 2026-11-21

CREATE TABLE tags (
    note bigint NOT NULL REFERENCES notes ON DELETE CASCADE,
    name text NOT NULL,
    PRIMARY KEY (note, name)
);

CREATE INDEX tags_by_name ON tags (name);
