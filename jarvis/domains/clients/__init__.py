"""Clients: one list for all branches."""
