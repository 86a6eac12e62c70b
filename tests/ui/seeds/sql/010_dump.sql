\restrict abc
COPY users (id) FROM stdin;
1
2
