-- Migration: Revoked accounts
-- Description: An account that is closed stays, so that its name is not given again
-- Date: 2025-11-02

ALTER TABLE user_accounts ADD COLUMN IF NOT EXISTS revoked boolean NOT NULL DEFAULT false;

CREATE INDEX IF NOT EXISTS user_accounts_revoked ON user_accounts (user_id) WHERE revoked;
