-- no-transaction
SELECT 1;
VACUUM users;
