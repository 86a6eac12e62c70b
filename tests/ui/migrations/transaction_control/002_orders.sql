-- atlas:no-transaction
BEGIN;
CREATE TABLE orders (id bigint PRIMARY KEY);
COMMIT;
