-- atlas:no-syntax-check
CREATE TRUSTED LANGUAGE plpgsql;
