DROP TABLE events;
DROP FUNCTION tell_new_event();
