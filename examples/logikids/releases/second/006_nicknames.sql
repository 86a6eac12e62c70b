-- Migration: Nicknames
-- Description: What others see instead of the username
-- Date: 2025-11-16

ALTER TABLE user_accounts ADD COLUMN IF NOT EXISTS nickname text;
UPDATE user_accounts SET nickname = username WHERE nickname IS NULL;
ALTER TABLE user_accounts ALTER COLUMN nickname SET NOT NULL;
