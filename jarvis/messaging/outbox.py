"""Messages of Jarvis in Telegram, as effects: one message per request, edited from its status into
its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from jarvis.engine import effects
from jarvis.engine.db import Reader, Tx
from jarvis.engine.effects import Lane, Origin
from jarvis.engine.interactions import NewButton
from jarvis.integrations.telegram import sent
from jarvis.integrations.telegram.kinds import EDIT, SEND, target
from jarvis.messaging.markup import Markup, html, lines, written_before
from jarvis.messaging.view import Button

SPLIT_AT = 3500
StoredButtons = Sequence[Sequence[dict[str, str]]]


async def send(
    tx: Tx,
    origin: Origin,
    chat_id: int,
    text: Markup,
    *,
    key: str,
    buttons: StoredButtons = (),
    reply_to: int | None = None,
    ordering_key: str | None = None,
    lane: Lane | None = None,
) -> UUID:
    """Send a new message, in the lane of its origin unless one is given. Urgent messages are
    ordered among themselves and never wait for others."""
    args = {"chat_id": chat_id, "text": text, "buttons": buttons, "reply_to": reply_to}
    lane = origin.lane if lane is None else lane
    order = f"telegram:urgent:{chat_id}" if lane is Lane.URGENT else f"telegram:out:{chat_id}"
    return await effects.request(
        tx,
        origin,
        kind=SEND,
        target=target(chat_id),
        args=args,
        key=key,
        ordering_key=ordering_key or order,
        lane=lane,
    )


async def edit(
    tx: Tx,
    origin: Origin,
    chat_id: int,
    text: Markup,
    *,
    key: str,
    of: UUID | None = None,
    message_id: int | None = None,
    buttons: StoredButtons = (),
    reply_to: int | None = None,
    lane: Lane | None = None,
) -> UUID:
    """Edit the message that effect `of` sent, or that has `message_id`; earlier edits of it that
    still wait are dropped."""
    root = await sent.first_effect(tx, chat_id, of, message_id)
    args = {
        "chat_id": chat_id,
        "text": text,
        "buttons": buttons,
        "root": str(root) if root else None,
        "message_id": message_id,
        "reply_to": reply_to,
    }
    effect_id = await effects.request(
        tx,
        origin,
        kind=EDIT,
        target=target(chat_id),
        args=args,
        key=key,
        lane=origin.lane if lane is None else lane,
        ordering_key=f"telegram:edit:{root or f'{chat_id}:{message_id}'}",
    )
    await effects.supersede(tx, effect_id)
    return effect_id


async def shown(reader: Reader, chat_id: int, message_id: int) -> Markup | None:
    """What a message of ours says now; None when we did not write it."""
    text = await sent.text_now(reader, chat_id, message_id)
    return None if text is None else written_before(text)


def stored_form(rows: Sequence[Sequence[Button]]) -> list[list[NewButton]]:
    """Return buttons as they are stored: the kind of each payload and its JSON."""
    return [
        [
            NewButton(
                label=b.label,
                kind=b.payload.kind,
                choice=b.payload.model_dump_json(),
                who=b.who,
            )
            for b in row
        ]
        for row in rows
    ]


def split(text: Markup, limit: int = SPLIT_AT) -> list[Markup]:
    """Split into at most two messages, between lines; tags never span lines in our own texts."""
    if len(text) <= limit:
        return [text]
    head, used = list[Markup](), 0
    left = text.split("\n")
    while left and used + len(left[0]) + 1 <= limit:
        used += len(left[0]) + 1
        head.append(left.pop(0))
    if not head:
        return [plain(text, limit)]
    rest = lines(left)
    return [lines(head), rest if len(rest) <= limit else html("{}…", plain(rest, limit - 1))]


def plain(text: Markup, limit: int) -> Markup:
    """So many characters of it without its tags."""
    bare = re.sub(r"</?(?:b|i|u|s|code|pre|a|blockquote)(?:\s[^>]*)?>", "", text)
    return written_before(re.sub(r"&[#\w]*$", "", bare[:limit]))  # no half of an escaped sign
