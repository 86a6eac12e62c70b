-- Description: keys of direct chats are two ids, the smaller one first
SELECT id, dm_key FROM chats
WHERE kind = 'direct' AND (dm_key !~ '^[0-9a-f-]{36}:[0-9a-f-]{36}$' OR left(dm_key, 36) >= right(dm_key, 36));
