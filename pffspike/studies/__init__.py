"""Studies: many runs of many systems, resumable, in one table."""
