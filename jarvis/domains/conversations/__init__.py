"""Conversations: what was said with whom and where, buttons that stand for requests, reports of
problems."""
