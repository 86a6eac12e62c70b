CREATE TABLE orders (id bigint PRIMARY KEY);
CRATE INDEX ON orders (id);
INSERT INTO orders VALUES (1;
