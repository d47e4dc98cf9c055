"""The house role."""
