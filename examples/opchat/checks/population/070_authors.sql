-- Description: whoever wrote a message is a member of its chat
SELECT m.id, m.chat, m.author FROM messages m LEFT JOIN memberships s ON s.chat = m.chat AND s.member = m.author
WHERE s.member IS NULL;
