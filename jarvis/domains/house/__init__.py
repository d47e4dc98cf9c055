"""Changes inside our own house: people, chats, branches."""

from __future__ import annotations

from jarvis.app.feature import Feature
from jarvis.domains.house.kinds import KINDS

FEATURE = Feature(
    name="house",
    services=("changes:HouseChanges",),
    effects=KINDS,
    carriers={"house": "effects:HouseEffects"},
)
