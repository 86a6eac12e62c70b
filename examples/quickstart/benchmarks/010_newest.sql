-- Description: the newest notes
-- atlas:bench p50 < 10ms
-- atlas:parameters SELECT now() - n * interval '1 day' FROM generate_series(0, 9) n
SELECT id, title FROM notes WHERE created_at < $1 ORDER BY created_at DESC LIMIT 20;
