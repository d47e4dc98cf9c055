"""Measured claims: side by side in one run (`make bench`)."""
