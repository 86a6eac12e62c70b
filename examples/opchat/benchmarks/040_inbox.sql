-- Description: the chats of a user with the time of their last message
-- atlas:bench p50 < 20ms
-- atlas:no-seq-scan messages
-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 50
SELECT m.chat, (SELECT max(sent_at) FROM messages WHERE chat = m.chat) AS last
FROM memberships m
WHERE m.member = $1
ORDER BY last DESC NULLS LAST;
