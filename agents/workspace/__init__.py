"""The workspace role."""
