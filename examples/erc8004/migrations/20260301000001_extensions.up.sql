-- Migration: Extensions
-- Description: pgcrypto hashes passwords and tokens
-- Date: 2026-03-01

CREATE EXTENSION IF NOT EXISTS pgcrypto;
