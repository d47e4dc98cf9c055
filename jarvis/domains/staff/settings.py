"""`/settings`: language, digest hour, mute; each press changes one thing and edits the page."""

from __future__ import annotations

from jarvis.domains.staff.service import StaffService
from jarvis.engine.interactions import NewButton
from jarvis.kit.actor import Actor
from jarvis.messaging.catalogue import say

_NAMES = {"ru": "Русский", "en": "English", "ka": "ქართული"}
DIGEST_HOURS = (8, 9, 10, 18, 20)


async def page(staff: StaffService, actor: Actor) -> tuple[str, list[list[NewButton]]]:
    """The page's text and buttons as things stand."""
    language, hour, muted = await staff.preferences(actor.employee_id)
    digest = say("digest.never", language) if hour is None else say("digest.at", language, h=hour)
    text = say(
        "settings",
        language,
        language=_NAMES[language],
        digest=digest,
        muted=say("yes" if muted else "no", language),
    )
    rows = [
        [
            NewButton(label=name, kind="settings", choice=f"language:{code}")
            for code, name in _NAMES.items()
        ],
        [
            NewButton(label=f"🗒 {h}:00", kind="settings", choice=f"digest:{h}")
            for h in DIGEST_HOURS
            if h != hour
        ],
        [_choice("b.unmute" if muted else "b.mute", language, "mute:no" if muted else "mute:yes")],
        [NewButton(label=say("b.report", language), kind="report", choice="report")],
    ]
    if hour is not None:
        rows[2].insert(0, _choice("b.digest.off", language, "digest:off"))
    return text, rows


async def change(staff: StaffService, actor: Actor, choice: str) -> None:
    """Apply one choice; doing it twice changes nothing more."""
    name, _, value = choice.partition(":")
    if name == "language":
        await staff.set_language(actor.employee_id, value)
    elif name == "digest":
        await staff.set_digest_hour(actor.employee_id, None if value == "off" else int(value))
    elif name == "mute":
        await staff.set_muted(actor.employee_id, value == "yes")


def _choice(key: str, language: str, choice: str) -> NewButton:
    return NewButton(label=say(key, language), kind="settings", choice=choice)
