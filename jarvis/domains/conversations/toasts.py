"""The short notices that Telegram shows when a button is pressed."""

from __future__ import annotations

from jarvis.domains.staff.service import StaffService
from jarvis.engine.interactions import Interactions, Pressed
from jarvis.messaging.catalogue import label

_KEYS = {"unknown": "press.old", "expired": "press.old", "used": "press.used"}


class Toasts:
    """Reads a stored button without using it up."""

    def __init__(self, staff: StaffService, interactions: Interactions) -> None:
        self._staff = staff
        self._interactions = interactions

    async def toast(self, user_id: int, token: str) -> str | None:
        """Return the notice for a button that cannot be used, None for one that can."""
        actor = await self._staff.actor_of_telegram(user_id)
        found = await self._interactions.look(token, actor)
        language = actor.language if actor else "ru"
        if found.state == "not_allowed":
            return _not_allowed(found, language)
        key = _KEYS.get(found.state)
        return label(key, language) if key else None


def _not_allowed(found: Pressed, language: str) -> str:
    """Say which roles may use the button; if it belongs to one person, only that it is somebody
    else's."""
    if not found.who.roles:
        return label("press.other", language)
    roles = ", ".join(label(f"role.{role.value}", language) for role in sorted(found.who.roles))
    return label("press.roles", language, roles=roles)[:200]
