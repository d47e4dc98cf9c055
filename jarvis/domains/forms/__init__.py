"""Forms and check-lists: templates as data, what was filled in, by whom, and what is missing."""
