-- Description: events are kept by the week, whoever does it
-- atlas:check true
SELECT count(DISTINCT e.tableoid) = 3 FROM events e;
