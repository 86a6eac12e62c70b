-- Migration: Accounts
-- Description: Who has registered, and with which invite code
-- Date: 2025-10-05

CREATE TABLE IF NOT EXISTS user_accounts (
    user_id       uuid PRIMARY KEY,
    username      text NOT NULL UNIQUE,
    secret_hash   text NOT NULL,
    invite_code   text REFERENCES invite_codes ON DELETE SET NULL,
    registered_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS user_accounts_by_invite_code ON user_accounts (invite_code);
