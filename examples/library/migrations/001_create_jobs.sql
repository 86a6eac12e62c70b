-- Description: Work to be done, oldest first

CREATE SCHEMA jobs;

CREATE TABLE jobs.jobs (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payload  jsonb NOT NULL,
    due_at   timestamptz NOT NULL DEFAULT now(),
    done_at  timestamptz
);
