"""Executes Telegram's effects, within the rate limits of its chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, EffectHandler, Lane, Receipt, TargetLimit
from jarvis.engine.limits import Limit, Window
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.kinds import (
    ALBUM,
    DELETE,
    DOWNLOAD,
    EDIT,
    LET_IN,
    LOOK,
    MEMBERS,
    PIN,
    REMOVE_MEMBER,
    SEND,
    TOPIC_CREATE,
    TOPIC_DELETE,
    TOPIC_EDIT,
)
from jarvis.integrations.telegram.media import Outgoing, TelegramMedia
from jarvis.integrations.telegram.members import TelegramMembers
from jarvis.integrations.telegram.messages import TelegramMessages
from jarvis.integrations.telegram.settings import SYSTEM, TelegramSettings
from jarvis.integrations.telegram.topics import TelegramTopics
from jarvis.kit.errors import NotFound, Unavailable


class TelegramEffects:
    """Handlers of Telegram's effects."""

    def __init__(self, db: Database, gateway: TelegramGateway, settings: TelegramSettings) -> None:
        self._db = db
        self._messages = TelegramMessages(gateway)
        self._topics = TelegramTopics(gateway)
        self._media = TelegramMedia(gateway)
        self._members = TelegramMembers(gateway)
        self._settings = settings

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {
            SEND.name: self.send,
            EDIT.name: self.edit,
            TOPIC_CREATE.name: self.create_topic,
            TOPIC_EDIT.name: self.edit_topic,
            PIN.name: self.pin,
            LOOK.name: self.look,
            DELETE.name: self.delete,
            TOPIC_DELETE.name: self.delete_topic,
            MEMBERS.name: self.members,
            REMOVE_MEMBER.name: self.remove_member,
            LET_IN.name: self.let_in,
        }

    async def send(self, effect: Effect) -> Receipt:
        """Send a message; `after` is stored before the first attempt, so that a message of unknown
        outcome can be found."""
        args = effect.args
        chat_id = int(args["chat_id"])
        after = await self._after(effect, chat_id)
        topic = await self._topic(args.get("topic"))
        try:
            message_id = await self._messages.send(
                effect.id,
                chat_id,
                str(args["text"]),
                buttons=_buttons(args),
                reply_to=args.get("reply_to"),
                topic=topic,
                attempt=effect.attempt,
                after=after,
            )
        except NotFound:
            await self._surely_gone(chat_id, topic)
            raise
        return Receipt(facts={"chat_id": chat_id, "message_id": message_id})

    async def create_topic(self, effect: Effect) -> Receipt:
        """Create a topic; after an unknown outcome it is searched among the messages after the last
        one known."""
        chat_id = int(effect.args["chat_id"])
        after = await self._after(effect, chat_id)
        number = await self._topics.create(
            effect.id, chat_id, str(effect.args["title"]), attempt=effect.attempt, after=after
        )
        return Receipt(facts={"chat_id": chat_id, "topic": number, "message_id": number})

    async def edit_topic(self, effect: Effect) -> Receipt:
        """Rename, close or reopen a topic."""
        chat_id = int(effect.args["chat_id"])
        topic = await self._topic(effect.args["topic"])
        assert topic is not None
        try:
            await self._topics.edit(
                chat_id, topic, title=effect.args.get("title"), closed=effect.args.get("closed")
            )
        except NotFound:
            await self._surely_gone(chat_id, topic)
            raise
        return Receipt(facts={"chat_id": chat_id, "topic": topic})

    async def delete_topic(self, effect: Effect) -> Receipt:
        """Delete a topic with all its messages."""
        chat_id = int(effect.args["chat_id"])
        topic = await self._topic(effect.args["topic"])
        assert topic is not None
        await self._topics.delete(chat_id, topic)
        return Receipt(facts={"chat_id": chat_id, "topic": topic})

    async def pin(self, effect: Effect) -> Receipt:
        """Pin the message that another effect sent."""
        chat_id, message_id = int(effect.args["chat_id"]), await self._message_of(effect.args["of"])
        if message_id is None:
            raise NotFound("the message to pin was never sent")
        await self._topics.pin(chat_id, message_id)
        return Receipt(facts={"chat_id": chat_id, "message_id": message_id})

    async def delete(self, effect: Effect) -> Receipt:
        """Delete messages; those already deleted count as success."""
        chat_id, ids = int(effect.args["chat_id"]), [int(n) for n in effect.args["ids"]]
        await self._media.delete(chat_id, ids)
        return Receipt(facts={"chat_id": chat_id, "ids": ids})

    async def album(self, effect: Effect, files: Sequence[Outgoing]) -> Receipt:
        """Up to ten files as one group of messages, in their order."""
        chat_id = int(effect.args["chat_id"])
        after = await self._after(effect, chat_id)
        topic = await self._topic(effect.args.get("topic"))
        try:
            ids = await self._media.send_album(
                effect.id,
                chat_id,
                files,
                str(effect.args["caption"]),
                topic=topic,
                attempt=effect.attempt,
                after=after,
            )
        except NotFound:
            await self._surely_gone(chat_id, topic)
            raise
        return Receipt(facts={"chat_id": chat_id, "message_id": ids[-1], "ids": ids})

    async def look(self, effect: Effect) -> Receipt:
        """Read a group, some of its topics and some messages; what is missing in the answer was
        deleted."""
        chat_id = int(effect.args["chat_id"])
        group = await self._topics.group(chat_id)
        wanted, posts = effect.args.get("topics", ()), effect.args.get("messages", ())
        topics = await self._topics.look(chat_id, wanted) if group.forum else {}
        there = await self._topics.posts(chat_id, posts)
        return Receipt(
            facts={
                "title": group.title,
                "forum": group.forum,
                "read_only": group.read_only,
                "lacks": list(group.lacks),
                "messages": {str(n): {"pinned": on} for n, on in there.items()},
                "topics": {
                    str(n): {"title": seen.title, "closed": seen.closed}
                    for n, seen in topics.items()
                },
            }
        )

    async def members(self, effect: Effect) -> Receipt:
        """Everybody who is in a group."""
        found = await self._members.members(int(effect.args["chat_id"]))
        return Receipt(
            facts={"members": [{"user": m.user_id, "name": m.name, "bot": m.bot} for m in found]}
        )

    async def remove_member(self, effect: Effect) -> Receipt:
        """Remove a member from a group."""
        args = effect.args
        await self._members.remove(int(args["chat_id"]), int(args["user"]), ban=bool(args["ban"]))
        return Receipt(facts={"user": args["user"]})

    async def let_in(self, effect: Effect) -> Receipt:
        """An invite link to a group for one person; none when they are a member."""
        link = await self._members.let_in(int(effect.args["chat_id"]), int(effect.args["user"]))
        return Receipt(facts={"link": link})

    async def _after(self, effect: Effect, chat_id: int) -> int:
        """The last message id of the chat before the first attempt, stored with the effect."""
        after: int | None = await self._db.fetchval(
            """UPDATE effect SET args = args || jsonb_build_object('after',
                coalesce((args->>'after')::bigint, (
                 SELECT max(n) FROM (
                   SELECT max((receipt->>'message_id')::bigint) AS n FROM effect
                    WHERE target = $2 AND state = 'done' AND receipt ? 'message_id'
                   UNION ALL SELECT max(last_seen_message) FROM chat
                    WHERE CASE WHEN $3::bigint > 0 THEN kind = 'private'
                      ELSE marked_id = $3::bigint END) known), 0))
                WHERE id = $1 RETURNING (args->>'after')::bigint""",
            effect.id,
            effect.target,
            chat_id,
        )
        return after or 0

    async def _message_of(self, effect_id: object) -> int | None:
        """The message that an effect sent; None when it sent none."""
        receipt = await self._db.fetchval(
            "SELECT receipt FROM effect WHERE id = $1 AND state = 'done'", UUID(str(effect_id))
        )
        return None if receipt is None else int(receipt["message_id"])

    async def _topic(self, said: Mapping[str, Any] | None) -> int | None:
        """The id of a topic: from the arguments, or from the receipt of the effect that created it.

        Raises:
            NotFound: it was never created.
        """
        if said is None:
            return None
        number: int | None = said.get("number") or await self._message_of(said["of"])
        if number is None:
            raise NotFound("the topic was never made")
        return number

    async def _surely_gone(self, chat_id: int, topic: int | None) -> None:
        """Verify with Telegram that a topic was deleted.

        Raises:
            Unavailable: it still exists.
        """
        if topic is not None and topic in await self._topics.look(chat_id, [topic]):
            raise Unavailable(SYSTEM, "the topic was not found, but is there", retry_after_s=2.0)

    async def edit(self, effect: Effect) -> Receipt:
        """Edit the message that another effect sent; if that one never arrived, send it now."""
        args = effect.args
        chat_id = int(args["chat_id"])
        message_id: int | None = args.get("message_id")
        if message_id is None:
            message_id = await (
                self._latest(args["root"]) if args.get("root") else self._message_of(args["of"])
            )
        if message_id is None:
            return await self.send(effect)
        try:
            await self._messages.edit(
                chat_id, message_id, str(args["text"]), buttons=_buttons(args)
            )
        except NotFound:
            return await self.send(effect)
        return Receipt(facts={"chat_id": chat_id, "message_id": message_id})

    async def _latest(self, root: object) -> int | None:
        """The current message in place of the one that effect `root` sent: an edit may have had to
        send a new one.

        Raises:
            Unavailable: it is being sent.
        """
        rows = await self._db.fetch(
            """SELECT id, state, receipt FROM effect
                WHERE id = $1 OR (kind = $2 AND args->>'root' = $3 AND state = 'done')
                  ORDER BY seq""",
            UUID(str(root)),
            EDIT.name,
            str(root),
        )
        if rows and rows[0]["state"] in ("pending", "claimed"):
            raise Unavailable(SYSTEM, "the message to change is not sent yet", retry_after_s=0.3)
        known = [int(r["receipt"]["message_id"]) for r in rows if r["state"] == "done"]
        return known[-1] if known else None

    def limits(self, effect: Effect) -> Sequence[TargetLimit]:
        """A person's limit per minute may be used at once; a group's keeps some messages for the
        urgent lane."""
        if effect.kind in (
            DOWNLOAD.name,
            LOOK.name,
            DELETE.name,
            MEMBERS.name,
            REMOVE_MEMBER.name,
            LET_IN.name,
        ):
            return ()
        chat_id = int(effect.args["chat_id"])
        if chat_id > 0:
            calls = self._settings.person_per_minute
            return (
                TargetLimit(suffix="minute", limit=Limit(calls=calls, period_s=60, burst=calls)),
            )
        whole, kept, minute = (
            self._settings.group_per_minute,
            self._settings.group_urgent_reserve,
            self._settings.group_minute_s,
        )
        count = len(effect.args["items"]) if effect.kind == ALBUM.name else 1
        return (
            TargetLimit(
                suffix="normal",
                from_lane=Lane.NORMAL,
                limit=Window(calls=whole - kept, period_s=minute),
                count=count,
            ),
            TargetLimit(suffix="all", limit=Window(calls=whole, period_s=minute), count=count),
        )


def _buttons(args: Mapping[str, Any]) -> Sequence[Sequence[Mapping[str, str]]]:
    return args.get("buttons") or ()
