-- Description: every account has a nickname
SELECT username FROM user_accounts WHERE nickname IS NULL;
