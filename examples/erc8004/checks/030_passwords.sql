-- Description: the test users have the password of the test users
SELECT email FROM users WHERE crypt('rabbit hole', password_hash) <> password_hash;
