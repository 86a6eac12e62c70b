-- Description: a message is written
-- atlas:bench p50 < 10ms
-- atlas:parameters SELECT chat, member FROM memberships ORDER BY chat, member LIMIT 50
INSERT INTO messages (id, chat, author, sent_at, body) VALUES (gen_random_uuid(), $1, $2, now(), 'Hello');
