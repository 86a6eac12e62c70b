SELECT id FROM (messages;
