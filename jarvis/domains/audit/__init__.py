"""The audit of what was done, kept whole: checkpoints of it outside the database."""
