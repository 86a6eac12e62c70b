-- Description: short messages and long ones
-- atlas:check true
SELECT min(length(body)) < 20 AND max(length(body)) > 300 FROM messages;
