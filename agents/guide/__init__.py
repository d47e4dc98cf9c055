"""The guide role: what Jarvis can do, and the company's rules."""

from jarvis.app.role import Role

ROLE = Role(
    name="guide",
    summary="what Jarvis can do, the company's rules and steps",
    title={"ru": "справка", "en": "guide", "ka": "ცნობარი"},
    status={"ru": "Смотрю правила…", "en": "Looking into the rules…", "ka": "ვნახულობ წესებს…"},
    agent="agent:guide",
)
