-- atlas:seed once
-- atlas:production
COPY users (id) FROM stdin;
1
\.
