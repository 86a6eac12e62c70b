-- Description: the chats of a user
-- atlas:bench p50 < 10ms
-- atlas:uses-index memberships_by_member
-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 50
SELECT c.id, c.kind, c.topic FROM memberships m JOIN chats c ON c.id = m.chat WHERE m.member = $1;
