SELECT id FROM messages WHERE author = $1;
