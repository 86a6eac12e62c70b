SELECT id FROM (users;
