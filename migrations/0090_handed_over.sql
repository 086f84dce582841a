-- When what a job carries out of the house was taken there: from then on it is not sent again, whatever becomes of the job.
ALTER TABLE jobs ADD COLUMN handed_over_at TIMESTAMPTZ;
