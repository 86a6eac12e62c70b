-- atlas:require EXISTS (SELECT FROM users WHERE)
CREATE TABLE users (id bigint PRIMARY KEY);
