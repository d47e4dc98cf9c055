"""The guide role."""
