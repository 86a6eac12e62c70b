-- Migration: The schema
-- Description: All of it in one file: ten tables, their indexes, and the function that cleans up

CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Transient: what nobody misses when it is gone.

CREATE TABLE oauth_states (
    state_key  text PRIMARY KEY,
    payload    jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE oauth_sessions (
    session_key text PRIMARY KEY,
    payload     jsonb NOT NULL,
    expires_at  timestamptz NOT NULL
);

CREATE TABLE user_sessions (
    id         uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    did        text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

-- Persistent: what users have brought, and what was found for them.

CREATE TABLE user_uploads (
    id          uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    did         text NOT NULL,
    platform    text NOT NULL CHECK (platform IN ('instagram', 'tiktok', 'youtube')),
    accounts    integer NOT NULL CHECK (accounts >= 0),
    uploaded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE source_accounts (
    id       uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    platform text NOT NULL CHECK (platform IN ('instagram', 'tiktok', 'youtube')),
    username text NOT NULL CHECK (username <> ''),
    UNIQUE (platform, username)
);

CREATE TABLE user_source_follows (
    upload      uuid NOT NULL REFERENCES user_uploads ON DELETE CASCADE,
    account     uuid NOT NULL REFERENCES source_accounts ON DELETE CASCADE,
    followed_on date,
    PRIMARY KEY (upload, account)
);

CREATE TABLE atproto_matches (
    id           uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    account      uuid NOT NULL REFERENCES source_accounts ON DELETE CASCADE,
    did          text NOT NULL,
    handle       text NOT NULL,
    display_name text,
    score        real NOT NULL CHECK (score BETWEEN 0 AND 1),
    found_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE user_match_status (
    did         text NOT NULL,
    match       uuid NOT NULL REFERENCES atproto_matches ON DELETE CASCADE,
    viewed_at   timestamptz,
    followed_at timestamptz,
    notified_at timestamptz,
    PRIMARY KEY (did, match)
);

-- Phase 2: they are here, and nothing uses them yet. The first one is transient.

CREATE TABLE notification_queue (
    id         uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    did        text NOT NULL,
    match      uuid NOT NULL REFERENCES atproto_matches ON DELETE CASCADE,
    status     text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed')),
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE partner_api_keys (
    id         uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    partner    text NOT NULL,
    key_hash   text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

-- For foreign keys whose column does not lead in a primary key.
CREATE INDEX user_source_follows_by_account ON user_source_follows (account);
CREATE INDEX user_match_status_by_match ON user_match_status (match);
CREATE INDEX notification_queue_by_match ON notification_queue (match);
CREATE UNIQUE INDEX atproto_matches_by_account ON atproto_matches (account, did);

-- For what is looked for, and for what is cleaned up.
CREATE INDEX user_uploads_by_user ON user_uploads (did, uploaded_at DESC);
CREATE INDEX user_sessions_by_user ON user_sessions (did);
CREATE INDEX user_sessions_by_expiry ON user_sessions (expires_at);
CREATE INDEX oauth_sessions_by_expiry ON oauth_sessions (expires_at);
CREATE INDEX oauth_states_by_age ON oauth_states (created_at);

-- For the few rows that are still to be dealt with.
CREATE INDEX user_match_status_unnotified ON user_match_status (did) WHERE notified_at IS NULL;
CREATE INDEX notification_queue_pending ON notification_queue (changed_at) WHERE status = 'pending';
CREATE INDEX partner_api_keys_valid ON partner_api_keys (partner) WHERE revoked_at IS NULL;

-- For names that are only similar.
CREATE INDEX source_accounts_similar ON source_accounts USING gin (username gin_trgm_ops);
CREATE INDEX atproto_matches_similar_handle ON atproto_matches USING gin (handle gin_trgm_ops);
CREATE INDEX atproto_matches_similar_name ON atproto_matches USING gin (display_name gin_trgm_ops);

CREATE FUNCTION cleanup_transient_data() RETURNS TABLE (cleaned text, removed bigint)
LANGUAGE sql AS $$
    WITH states AS (
        DELETE FROM oauth_states WHERE created_at < now() - interval '1 hour' RETURNING 1
    ), oauth AS (
        DELETE FROM oauth_sessions WHERE expires_at < now() RETURNING 1
    ), users AS (
        DELETE FROM user_sessions WHERE expires_at < now() RETURNING 1
    ), notifications AS (
        DELETE FROM notification_queue
        WHERE (status = 'sent' AND changed_at < now() - interval '7 days')
           OR (status = 'failed' AND changed_at < now() - interval '30 days')
        RETURNING 1
    )
    SELECT 'oauth_states', count(*) FROM states
    UNION ALL SELECT 'oauth_sessions', count(*) FROM oauth
    UNION ALL SELECT 'user_sessions', count(*) FROM users
    UNION ALL SELECT 'notification_queue', count(*) FROM notifications
$$;
