"""Durable work on PostgreSQL: journal, effects, notifications, time, jobs, audit. Knows no vendor
and no fleet."""
