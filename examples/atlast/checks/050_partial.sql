-- Description: the indexes of what is still to be dealt with are partial
SELECT x.relname AS index
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
WHERE x.relname IN ('user_match_status_unnotified', 'notification_queue_pending', 'partner_api_keys_valid')
  AND i.indpred IS NULL;
