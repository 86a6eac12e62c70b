-- Description: results are of events that there are
SELECT r.id, r.event FROM action_results r WHERE NOT EXISTS (SELECT FROM events e WHERE e.id = r.event);
