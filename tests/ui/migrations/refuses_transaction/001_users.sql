CREATE TABLE users (id bigint PRIMARY KEY);
CREATE INDEX CONCURRENTLY users_id ON users (id);
