-- Description: posts have an author
SELECT id FROM posts WHERE author IS NULL;
