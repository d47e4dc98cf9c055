"""Business rules, one folder per domain."""
