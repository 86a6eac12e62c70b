-- atlas:sed once
-- atlas:compatible
SELECT 1;
-- atlas:production
