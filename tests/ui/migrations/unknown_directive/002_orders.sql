-- atlas:txmode none
CREATE TABLE orders (id bigint PRIMARY KEY);
