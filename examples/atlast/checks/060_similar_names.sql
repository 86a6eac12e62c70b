-- Description: names that are only similar match, others do not
-- atlas:check true
SELECT count(*) = 0
FROM (VALUES
    ('marble_kitchen', 'marblekitchen', true),
    ('johndoe', 'john_doe', true),
    ('quiet_harbour_', 'quietharbor', true),
    ('johndoe', 'night.buses', false)
) AS pair (one, other, is_similar)
WHERE (one % other) <> is_similar;
