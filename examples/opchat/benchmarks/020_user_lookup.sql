-- Description: a user by name
-- atlas:bench p50 < 5ms
-- atlas:max-buffers 10
-- atlas:parameters SELECT username FROM users ORDER BY id LIMIT 50
SELECT id, display_name FROM users WHERE username = $1;
