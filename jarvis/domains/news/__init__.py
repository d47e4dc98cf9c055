"""News for service chats, and the digest of who asked for one."""

from __future__ import annotations

from jarvis.app.feature import Feature, Seeding
from jarvis.domains.news.checks import CHECKS

FEATURE = Feature(
    name="news",
    services=("subscriptions:Subscriptions",),
    handlers=(
        "handlers:News",
        "digest:Digests",
    ),
    writes=("changes:SubscriptionChanges",),
    checks=CHECKS,
    seeding=Seeding(seed="seeding:seed", after=frozenset({"chats"})),
)
