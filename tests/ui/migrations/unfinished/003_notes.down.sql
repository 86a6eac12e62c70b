-- Migration: notes
-- Date: 2026-11-27

