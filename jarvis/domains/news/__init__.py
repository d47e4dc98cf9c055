"""News for service chats, and the digest of who asked for one."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(name="news", writes=("changes:SubscriptionChanges",))
