-- Description: no tag is empty
SELECT note, name FROM tags WHERE trim(name) = '';
