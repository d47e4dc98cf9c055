"""Storms: people and vendors at work while processes are killed, and what is asked of the ledgers
and the database afterwards."""
