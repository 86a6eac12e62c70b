-- Description: mostly during business hours
-- atlas:check true
SELECT avg((extract(isodow FROM t) < 6 AND extract(hour FROM t) BETWEEN 9 AND 17)::int) BETWEEN 0.75 AND 0.95
FROM (SELECT sent_at AT TIME ZONE 'UTC' AS t FROM messages) m;
