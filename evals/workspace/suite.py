"""Requests about the company's own affairs: check-lists, topics, posts, roles, hires, branches."""

from evals.acting import ActingSuite, with_chats

SUITE = ActingSuite(name="workspace", floor=0.9, world=with_chats)
