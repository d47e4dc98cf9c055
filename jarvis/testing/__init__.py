"""A whole Jarvis with its sandboxes, or one feature over a database: what tests, evals and
benchmarks share (docs/testing.md)."""
