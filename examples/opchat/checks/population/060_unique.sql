-- Description: no two users have the same name but for its case
SELECT lower(username) AS username, count(*) FROM users GROUP BY 1 HAVING count(*) > 1;
