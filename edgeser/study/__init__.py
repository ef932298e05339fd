"""Studies: many trainings as jobs with keys, done by workers, summed up in one table."""
