-- Description: the key of a direct chat is that of its two members
SELECT c.id, c.dm_key, string_agg(m.member::text, ':' ORDER BY m.member) AS members
FROM chats c LEFT JOIN memberships m ON m.chat = c.id
WHERE kind = 'direct'
GROUP BY c.id
HAVING c.dm_key IS DISTINCT FROM string_agg(m.member::text, ':' ORDER BY m.member);
