"""`/settings`: language, digest hour, mute; each button changes one of them and edits the page."""

from __future__ import annotations

from jarvis.domains.staff.payloads import SetDigestHour, SetLanguage, SetMuted
from jarvis.domains.staff.preferences import StaffPreferences
from jarvis.domains.staff.service import StaffService
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor, Language
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback, command
from jarvis.messaging.catalogue import label, say
from jarvis.messaging.markup import Markup
from jarvis.messaging.payloads import ReportProblem
from jarvis.messaging.view import Button

_NAMES: dict[Language, str] = {"ru": "Русский", "en": "English", "ka": "ქართული"}
DIGEST_HOURS = (8, 9, 10, 18, 20)


class Settings:
    """Shows and changes a person's own settings; repeating a change has no effect."""

    def __init__(
        self, staff: StaffService, preferences: StaffPreferences, interactions: Interactions
    ) -> None:
        self._staff = staff
        self._preferences = preferences
        self._interactions = interactions

    @command("settings")
    async def settings(self, handling: Handling, actor: Actor, said: str) -> None:
        """Send the page as a new message."""
        await self._show(handling, actor, edit_id=None)

    @callback(SetLanguage)
    async def language(self, handling: Handling, actor: Actor, payload: SetLanguage) -> None:
        """Change the language, also of this page."""
        await self._preferences.set_language(actor.employee_id, payload.language)
        await self._changed(handling, actor)

    @callback(SetDigestHour)
    async def digest(self, handling: Handling, actor: Actor, payload: SetDigestHour) -> None:
        """Change the hour of the digest, or turn it off."""
        await self._preferences.set_digest_hour(actor.employee_id, payload.hour)
        await self._changed(handling, actor)

    @callback(SetMuted)
    async def muted(self, handling: Handling, actor: Actor, payload: SetMuted) -> None:
        """Mute or unmute notices."""
        await self._preferences.set_muted(actor.employee_id, payload.muted)
        await self._changed(handling, actor)

    async def _changed(self, handling: Handling, actor: Actor) -> None:
        await self._show(handling, actor, edit_id=int(handling.event.payload["message_id"]))

    async def _show(self, handling: Handling, actor: Actor, *, edit_id: int | None) -> None:
        chat_id = int(handling.event.payload["chat_id"])
        text, rows = await self._page(await self._staff.actor(actor.employee_id) or actor)
        async with handling.transaction() as tx:
            stored = await self._interactions.store(
                tx,
                outbox.stored_form(rows),
                group=f"settings:{handling.event.id}",
                who=Who(employee_id=actor.employee_id),
                life=None,
            )
            key = handling.key("settings")
            if edit_id is None:
                await outbox.send(tx, handling.origin, chat_id, text, buttons=stored, key=key)
            else:
                await outbox.edit(
                    tx, handling.origin, chat_id, text, message_id=edit_id, buttons=stored, key=key
                )

    async def _page(self, actor: Actor) -> tuple[Markup, list[list[Button]]]:
        language, hour, muted = await self._preferences.get(actor.employee_id)
        digest = (
            say("digest.never", language) if hour is None else say("digest.at", language, h=hour)
        )
        text = say(
            "settings",
            language,
            language=_NAMES[language],
            digest=digest,
            muted=say("yes" if muted else "no", language),
        )
        mute = Button(
            label=label("b.unmute" if muted else "b.mute", language),
            payload=SetMuted(muted=not muted),
        )
        never = Button(label=label("b.digest.off", language), payload=SetDigestHour(hour=None))
        return text, [
            [
                Button(label=name, payload=SetLanguage(language=code))
                for code, name in _NAMES.items()
            ],
            [
                Button(label=f"🗒 {h}:00", payload=SetDigestHour(hour=h))
                for h in DIGEST_HOURS
                if h != hour
            ],
            [mute] if hour is None else [never, mute],
            [Button(label=label("b.report", language), payload=ReportProblem())],
        ]
