-- Description: people have written in four months
-- atlas:check true
SELECT count(DISTINCT date_trunc('month', sent_at AT TIME ZONE 'UTC')) = 4 FROM messages;
