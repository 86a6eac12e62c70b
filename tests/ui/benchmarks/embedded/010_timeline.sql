-- atlas:bench p50 < 10ms
-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10
SELECT id FROM messages WHERE author = $1 ORDER BY id DESC LIMIT 50;
