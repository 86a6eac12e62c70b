-- Migration: 001 users
-- Description: Who is who
-- Date: 2025-01-23
-- atlas:lock-timeout 2s
-- atlas:statement-timeout 0
-- atlas:compatible
-- atlas:require to_regclass('users') IS NULL | users exists already
-- atlas:require true
-- atlas:skip-unless current_setting('server_version_num')::int >= 130000
CREATE TABLE users (id bigint PRIMARY KEY);
