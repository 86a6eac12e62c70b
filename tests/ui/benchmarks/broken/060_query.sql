-- atlas:parameters SELECT id FROM users WHERE
SELECT id FROM messages WHERE author = $1;
