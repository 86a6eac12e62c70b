SELECT 'transient', 'oauth_states', count(*) FROM oauth_states
UNION ALL SELECT 'transient', 'oauth_sessions', count(*) FROM oauth_sessions
UNION ALL SELECT 'transient', 'user_sessions', count(*) FROM user_sessions
UNION ALL SELECT 'transient', 'notification_queue', count(*) FROM notification_queue
UNION ALL SELECT 'persistent', 'user_uploads', count(*) FROM user_uploads
UNION ALL SELECT 'persistent', 'source_accounts', count(*) FROM source_accounts
UNION ALL SELECT 'persistent', 'user_source_follows', count(*) FROM user_source_follows
UNION ALL SELECT 'persistent', 'atproto_matches', count(*) FROM atproto_matches
UNION ALL SELECT 'persistent', 'user_match_status', count(*) FROM user_match_status
UNION ALL SELECT 'persistent', 'partner_api_keys', count(*) FROM partner_api_keys
