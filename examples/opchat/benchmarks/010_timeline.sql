-- Description: the newest messages of a chat
-- atlas:bench p50 < 10ms
-- atlas:uses-index messages_by_time
-- atlas:max-buffers 200
-- atlas:parameters SELECT id FROM chats ORDER BY id LIMIT 50
SELECT m.id, m.sent_at, m.body, u.display_name
FROM messages m JOIN users u ON u.id = m.author
WHERE m.chat = $1
ORDER BY m.sent_at DESC
LIMIT 50;
