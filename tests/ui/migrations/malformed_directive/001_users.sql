-- atlas:lock-timeout 2 seconds
-- atlas:require (SELECT count(*) FROM users = 0 | users must be empty
-- atlas:compatible
-- atlas:compatible
CREATE TABLE users (id bigint PRIMARY KEY);
-- atlas:statement-timeout 1h
