-- Migration: Search by title
-- Description: Built without locking out writers, so it runs outside of a transaction

CREATE INDEX CONCURRENTLY notes_by_title ON notes (lower(title));
