\restrict abc
\connect shop
CREATE TABLE users (id bigint PRIMARY KEY);
SELECT 'CREATE TABLE a ()' \gexec
