CREATE TABLE users (id bigint PRIMARY KEY);
COPY users (id) FROM stdin;
1
2
\.
COPY users TO STDOUT;
