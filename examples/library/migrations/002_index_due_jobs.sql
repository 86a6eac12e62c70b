-- Description: What a worker looks for

CREATE INDEX jobs_due ON jobs.jobs (due_at) WHERE done_at IS NULL;
