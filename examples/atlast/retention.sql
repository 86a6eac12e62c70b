-- A row at each limit, which is to be kept, and one that is a microsecond beyond it. In a transaction the time stands still.

INSERT INTO source_accounts (id, platform, username)
VALUES ('00000000-0000-4000-8000-000000000001', 'tiktok', 'somebody who will not stay');
INSERT INTO atproto_matches (id, account, did, handle, score)
VALUES ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 'did:plc:nobody', 'nobody', 1);

INSERT INTO oauth_states (state_key, payload, created_at) VALUES
    ('keep: made 1 hour ago', '{}', now() - interval '1 hour'),
    ('drop: made 1 hour and 1 microsecond ago', '{}', now() - interval '1 hour 1 microsecond');

INSERT INTO oauth_sessions (session_key, payload, expires_at) VALUES
    ('keep: expires now', '{}', now()),
    ('drop: expired 1 microsecond ago', '{}', now() - interval '1 microsecond');

INSERT INTO user_sessions (did, expires_at) VALUES
    ('keep: expires now', now()),
    ('drop: expired 1 microsecond ago', now() - interval '1 microsecond');

INSERT INTO notification_queue (did, match, status, changed_at)
SELECT label, '00000000-0000-4000-8000-000000000002', status, now() - age
FROM (VALUES
    ('keep: sent 7 days ago', 'sent', interval '7 days'),
    ('drop: sent 7 days and 1 microsecond ago', 'sent', interval '7 days 1 microsecond'),
    ('keep: failed 30 days ago', 'failed', interval '30 days'),
    ('drop: failed 30 days and 1 microsecond ago', 'failed', interval '30 days 1 microsecond'),
    ('keep: pending for a year', 'pending', interval '1 year')
) AS notification (label, status, age);
