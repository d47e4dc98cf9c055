"""The company's Telegram groups: what each is used for, who is a member, and the topics in its
forums."""

from __future__ import annotations

from jarvis.app.feature import Feature, Seeding
from jarvis.domains.chats.checks import CHECKS

FEATURE = Feature(
    name="chats",
    services=(
        "service:ChatService",
        "topic_registry:TopicRegistry",
        "topic_subjects:TopicSubjects",
    ),
    handlers=(
        "setup:Setup",
        "membership:Membership",
    ),
    checks=CHECKS,
    seeding=Seeding(seed="seeding:seed", after=frozenset({"staff"})),
)
