"""Business rules, one folder a noun."""
