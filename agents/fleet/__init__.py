"""The fleet role."""
