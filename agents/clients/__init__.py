"""The clients role."""
