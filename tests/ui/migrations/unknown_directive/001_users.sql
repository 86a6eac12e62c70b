-- atlas:no-transactions
CREATE TABLE users (id bigint PRIMARY KEY);
