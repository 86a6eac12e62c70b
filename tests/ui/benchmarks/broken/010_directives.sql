-- atlas:bench p50 < 10 min
-- atlas:uses-indx messages_pkey
SELECT id FROM messages;
