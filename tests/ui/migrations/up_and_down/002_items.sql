CREATE TABLE items (id bigint PRIMARY KEY);
---- create above / drop below ----
DROP TABLE items;
