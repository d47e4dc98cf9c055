"""Answers about check-lists, material and topics; plans posts, subscriptions, roles, hires,
branches."""

from __future__ import annotations

from agents.base import role_agent
from tools.forms import forms
from tools.media import media
from tools.news import news
from tools.staff import staff
from tools.topics import topics

workspace = role_agent("workspace", forms, media, topics, staff, news)
