-- Description: What the programs of the README embed, which are compiled in this package

CREATE TABLE users (id bigint PRIMARY KEY);
