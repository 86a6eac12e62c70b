-- Description: the notes with a tag
-- atlas:bench p50 < 10ms, p99 < 50ms
-- atlas:parameters SELECT DISTINCT name FROM tags ORDER BY name LIMIT 20
SELECT notes.id, notes.title FROM notes JOIN tags ON tags.note = notes.id WHERE tags.name = $1;
