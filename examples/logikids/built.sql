-- What the old runner has recorded, and what users have brought since the init script built the database.

INSERT INTO schema_migrations (filename, applied_at) VALUES
    ('000_schema_migrations.sql', '2025-10-05 09:00:00+00'),
    ('001_init.sql', '2025-10-05 09:00:01+00'),
    ('002_invite_codes.sql', '2025-10-05 09:00:02+00'),
    ('003_user_accounts.sql', '2025-10-05 09:00:03+00');

INSERT INTO invite_codes (code, uses_left) VALUES ('MOON-0001', 0), ('STAR-0002', 5);

INSERT INTO user_accounts (user_id, username, secret_hash, invite_code) VALUES
    ('00000000-0000-4000-8000-000000000001', 'iris', 'not a real hash', 'MOON-0001'),
    ('00000000-0000-4000-8000-000000000002', 'otto', 'not a real hash', 'STAR-0002');

INSERT INTO user_sync_data (user_id, sealed) VALUES ('00000000-0000-4000-8000-000000000001', '\x2a');
