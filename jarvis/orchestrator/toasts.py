"""What a press answers at once, before its event is handled."""

from __future__ import annotations

from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.staff.service import StaffService
from jarvis.orchestrator.render.words import say

_KEYS = {"unknown": "press.old", "expired": "press.old", "used": "press.used", "other_person": "press.other"}


class Toasts:
    """Looks at a stored button without using it up."""

    def __init__(self, staff: StaffService, conversations: ConversationService) -> None:
        self._staff = staff
        self._conversations = conversations

    async def toast(self, user_id: int, token: str) -> str | None:
        """The short notice over the chat; None when the press simply works."""
        actor = await self._staff.actor_of_telegram(user_id)
        pressed = await self._conversations.look(token, actor.employee_id if actor else None)
        key = _KEYS.get(pressed.state)
        return say(key, actor.language if actor else "ru") if key else None
