-- Description: no message is blank, is from the time before its chat, or has an end of a line at its end
SELECT m.id, m.sent_at, m.body FROM messages m JOIN chats c ON c.id = m.chat
WHERE m.body !~ '\S' OR m.body ~ '\s$' OR m.sent_at < c.created_at;
