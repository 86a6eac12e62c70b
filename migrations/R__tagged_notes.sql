-- Description: Notes with their tags; runs again whenever this file changes

CREATE OR REPLACE VIEW tagged_notes AS
SELECT notes.id, notes.title, array_agg(tags.name ORDER BY tags.name) FILTER (WHERE tags.name IS NOT NULL) AS tags
FROM notes
LEFT JOIN tags ON tags.note = notes.id
GROUP BY notes.id;
