INSERT INTO messages (author) VALUES (1);
