"""Durable work on PostgreSQL: journal, effects, doorbells, time, jobs, audit. Knows no vendor and
no fleet."""
