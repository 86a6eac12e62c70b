-- Description: groups have at least three members, some of them twenty and more
-- atlas:check true
SELECT min(members) >= 3 AND max(members) >= 20
FROM (SELECT count(m.member) AS members FROM chats c LEFT JOIN memberships m ON m.chat = c.id WHERE kind = 'group' GROUP BY c.id) g;
