"""What people send and what became of it: items, sets by operation, posts."""
