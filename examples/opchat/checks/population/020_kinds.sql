-- Description: 75 groups and 300 direct chats
-- atlas:check true
SELECT count(*) FILTER (WHERE kind = 'group') = 75 AND count(*) FILTER (WHERE kind = 'direct') = 300 FROM chats;
