"""Takes in the files that people send, and removes their messages from forums where only Jarvis
publishes files.

A file is recorded (`taken`), downloaded, checked, stored and read back (`stored`); in a branch
forum its message is removed (`removed`). Then its author is asked what it belongs to
(`questions.py`), and it is filed and published (`filing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from jarvis.domains.chats.models import Forum
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.chats.topics import ABLE
from jarvis.domains.media import view as render
from jarvis.domains.media.claims import Claim, FileClaims
from jarvis.domains.media.events import LOOSE, REMOVED
from jarvis.domains.media.models import Item
from jarvis.domains.media.questions import DELETES, FilingQuestions
from jarvis.domains.media.service import MediaService
from jarvis.domains.staff.readers import Readers
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit, effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Completed, Lane, Origin
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import DELETE, DOWNLOAD, target
from jarvis.kit.actor import Actor
from jarvis.messaging import outbox
from jarvis.messaging.focus import handles_files

UPLOADED = "photo.uploaded"
# documents are no media
MODERATED = frozenset({"photo", "image", "video", "video_note", "voice", "audio", "gif", "sticker"})


class FileIntake:
    """Stores files and moderates branch forums."""

    feature: ClassVar[str] = "media"

    def __init__(
        self,
        db: Database,
        staff: StaffService,
        chats: ChatService,
        registry: TopicRegistry,
        media: MediaService,
        readers: Readers,
        claims: FileClaims,
        questions: FilingQuestions,
    ) -> None:
        self._db = db
        self._staff = staff
        self._chats = chats
        self._registry = registry
        self._media = media
        self._readers = readers
        self._claims = claims
        self._questions = questions

    @handles_files
    async def message(self, handling: Handling) -> None:
        """Take in the file of a message: in private, in a branch forum, or when the message
        mentions Jarvis."""
        p = handling.event.payload
        file = p.get("media")
        if file is None or file["kind"] not in MODERATED:
            return
        actor = await self._staff.actor_of_telegram(p["sender_id"])
        forum = None if p["private"] else await self._questions.moderated(self._db, p["chat_id"])
        if forum is None and (actor is None or not (p["private"] or p["mentioned"])):
            return
        async with handling.transaction() as tx:
            into = await self._into_form(tx, p, actor, forum)
            item_id = await self._media.taken(
                tx,
                chat_id=p["chat_id"],
                message_id=p["message_id"],
                version=p["version"],
                sender_id=p["sender_id"],
                employee_id=actor.employee_id if actor else None,
                topic=p["topic"],
                file=file,
                caption=str(p["text"]),
                form_id=into.form_id if into else None,
                private=into is not None and into.private,
            )
            if item_id is not None:
                if into is not None and actor is not None:
                    await self._claims.add_photo(
                        tx, handling, actor, into, item_id, _album(p), str(p["text"])
                    )
                await effects.request(
                    tx,
                    handling.origin,
                    kind=DOWNLOAD,
                    target=target(p["chat_id"]),
                    key=f"media:{item_id}",
                    settled_kind=UPLOADED,
                    lane=Lane.URGENT,
                    args={
                        "chat_id": p["chat_id"],
                        "message_id": p["message_id"],
                        "name": file.get("name"),
                        "item": str(item_id),
                        "employee_id": str(actor.employee_id) if actor else None,
                    },
                )

    async def _into_form(
        self, tx: Tx, p: Mapping[str, Any], actor: Actor | None, forum: Forum | None
    ) -> Claim | None:
        """Return the claim of the form that the author is filling in, for files sent in private
        or in the topic of the form's car."""
        if (
            actor is None
            or (forum is not None and not p["topic"])
            or not (p["private"] or forum is not None)
        ):
            return None
        topics = (
            await self._registry.by_numbers(tx, forum, [p["topic"]]) if forum is not None else {}
        )
        cars = [t.car_id for t in topics.values() if t.car_id is not None]
        if forum is not None and not cars:
            return None
        return await self._claims.claim(tx, actor, p["media"], _album(p), cars[0] if cars else None)

    @subscriber(UPLOADED, lane=DeliveryLane.PEOPLE)
    async def uploaded(self, handling: Handling) -> None:
        """Continue with a file that was stored, or tell its author why it was not accepted."""
        row = Completed.of(handling.event)
        item = await self._media.item(self._db, UUID(str(row.args["item"])))
        if item is None:
            return
        forum = await self._questions.moderated(self._db, item.chat_id)
        if not row.done:
            reason = str(row.cause or "").partition(": ")[2] or (
                "gone" if "gone" in str(row.cause) else "other"
            )
            async with handling.transaction() as tx:
                await self._media.refused(tx, item.id, reason)
                await audit.record(
                    tx,
                    action="media.refused",
                    actor_name="Jarvis",
                    subject=f"item:{item.id}",
                    outcome=reason,
                    event_id=handling.event.id,
                )
                found = await self._media.get(tx, item.set_id)
                if await self._claims.refuse(tx, handling, item.id, render.refused(reason)):
                    return
                if found is not None and found.employee_id is not None and reason != "gone":
                    reader = await self._readers.of_employee(found.employee_id)
                    await outbox.send(
                        tx,
                        handling.origin,
                        found.sender_id,
                        render.refusal(reason, reader),
                        key=f"refused:{item.id}",
                    )
            return
        async with handling.transaction() as tx:
            await self._media.stored(tx, item.id, UUID(str(row.receipt["media_id"])))
            if forum is not None and forum.able(DELETES):
                await self._remove(tx, handling.origin, forum, [item])
                return
        await self._questions.ask(handling, item.set_id)

    async def _remove(self, tx: Tx, origin: Origin, forum: Forum, items: Sequence[Item]) -> None:
        ids = sorted({i.message_id for i in items})
        await effects.request(
            tx,
            origin,
            kind=DELETE,
            target=target(forum.marked_id),
            args={"chat_id": forum.marked_id, "ids": ids},
            lane=Lane.URGENT,
            settled_kind=REMOVED,
            branch=forum.branch,
            key=origin.key(f"remove:{forum.marked_id}:{ids[0]}"),
        )

    @subscriber(REMOVED, lane=DeliveryLane.PEOPLE)
    async def removed(self, handling: Handling) -> None:
        """Ask the author about the files, whether or not their messages could be removed."""
        row = Completed.of(handling.event)
        chat_id, ids = int(row.args["chat_id"]), [int(n) for n in row.args["ids"]]
        async with handling.transaction() as tx:
            if row.done:
                sets = await self._media.removed(tx, chat_id, ids)
            else:
                sets = list(
                    dict.fromkeys(
                        i.set_id
                        for i in await self._media.waiting(tx, chat_id)
                        if i.message_id in ids
                    )
                )
        for set_id in sets:
            await self._questions.ask(handling, set_id, stuck=not row.done)

    @subscriber(ABLE)
    async def able(self, handling: Handling) -> None:
        """Remove the messages of stored files after the bot got the right to."""
        forum = await self._chats.forum(self._db, int(handling.event.payload["chat_id"]))
        if forum is None or not forum.able(DELETES):
            return
        async with handling.transaction() as tx:
            waiting = await self._media.waiting(tx, forum.marked_id)
            for n in range(0, len(waiting), 100):  # Telegram takes so many at once
                await self._remove(tx, handling.origin, forum, waiting[n : n + 100])

    @subscriber(LOOSE, lane=DeliveryLane.PEOPLE)
    async def loose(self, handling: Handling) -> None:
        """Ask about the files of a check-list that was cancelled."""
        await self._questions.ask(handling, UUID(str(handling.event.payload["set"])))


def _album(p: Mapping[str, Any]) -> str | None:
    """Return the id of the album that a file came in, or None."""
    return str(p["album"]) if p["album"] else None
