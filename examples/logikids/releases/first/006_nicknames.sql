-- Migration: Nicknames
-- Description: What others see instead of the username
-- Date: 2025-11-16

ALTER TABLE user_accounts ADD COLUMN IF NOT EXISTS nickname text;
ALTER TABLE user_accounts ALTER COLUMN nickname SET NOT NULL;
