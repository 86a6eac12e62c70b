-- atlas:production
SELECT 1;
