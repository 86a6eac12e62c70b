-- Description: every foreign key has an index that begins with its columns
SELECT c.conrelid::regclass AS "table", c.conname AS foreign_key
FROM pg_constraint c
WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
  AND NOT EXISTS (
    SELECT FROM pg_index i
    WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
      AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] = c.conkey
  );
