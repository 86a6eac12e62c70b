CREATE TABLE users (id bigint PRIMARY KEY);
INSERT INTO users (name) VALUES ('René');
