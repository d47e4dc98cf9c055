"""Compares the forums in Telegram with the registry, repairs what people changed, and reports what
the bot may not repair.

Telegram does not tell a bot about deleted topics or lost rights. So every five minutes each forum
is read with at most three calls: the group, its topics by number, its opening posts by id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from jarvis.domains.chats.models import SERVICE, Forum, Subject, Topic
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.chats.topic_subjects import TopicSubjects
from jarvis.domains.chats.topics import (
    ABLE,
    LOOKED,
    MADE,
    NEEDED,
    WRITTEN,
    change,
    pin,
    refresh,
)
from jarvis.domains.media.events import REMOVED
from jarvis.domains.media.posts import MediaPosts
from jarvis.domains.staff.service import StaffService
from jarvis.domains.topics.checks import FORUMS, PERIOD_S
from jarvis.engine import audit, effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Completed, Lane
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import CHAT_LOST, LOOK, NO_RIGHT, target
from jarvis.kit.actor import Role
from jarvis.kit.clock import Clock, local_date
from jarvis.messaging import outbox
from jarvis.messaging.catalogue import label, say
from jarvis.messaging.markup import html

AT_ONCE, POSTS_AT_ONCE = 100, 100  # topics of a forum in one read; posts of photos in one read
A_DAY = timedelta(days=1)  # between two checks of a post of photos


class ForumReconciler:
    """Reads the forums and corrects the differences."""

    feature: ClassVar[str] = "reconcile"

    def __init__(
        self,
        db: Database,
        clock: Clock,
        staff: StaffService,
        chats: ChatService,
        registry: TopicRegistry,
        subjects: TopicSubjects,
        posts: MediaPosts,
    ) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff
        self._chats = chats
        self._registry = registry
        self._subjects = subjects
        self._posts = posts

    @subscriber(FORUMS, lane=DeliveryLane.BULK)
    async def check(self, handling: Handling) -> None:
        """Request a read of every registered group."""
        due = datetime.fromisoformat(handling.event.payload["due_at"])
        for forum in await self._chats.groups(self._db):
            async with handling.transaction() as tx:
                rows = await self._registry.due_for_check(
                    tx, forum, due, timedelta(seconds=PERIOD_S), AT_ONCE
                )
                posts = [r["post"] for r in rows if r["post"]] + await self._posts.unseen(
                    tx, forum.id, due - A_DAY, POSTS_AT_ONCE
                )
                look = await self._look(
                    tx,
                    handling,
                    forum,
                    topics=[r["number"] for r in rows],
                    posts=posts,
                    order=f"look:{forum.id}",
                )
                # while Telegram is unreachable, one read of a forum waits instead of many
                await effects.supersede(tx, look)

    @subscriber(MADE, WRITTEN, REMOVED)
    async def refused(self, handling: Handling) -> None:
        """Read the group at once after Telegram refused a change for a missing right."""
        ended = Completed.of(handling.event)
        if ended.state != "dead" or not any(word in (ended.cause or "") for word in NO_RIGHT):
            return
        forum = await self._chats.forum(self._db, int(ended.args["chat_id"]))
        if forum is not None and not forum.lacks:
            async with handling.transaction() as tx:
                await self._look(tx, handling, forum)

    async def _look(
        self,
        tx: Tx,
        handling: Handling,
        forum: Forum,
        *,
        topics: Sequence[int] = (),
        posts: Sequence[int] = (),
        order: str | None = None,
    ) -> UUID:
        return await effects.request(
            tx,
            handling.origin,
            kind=LOOK,
            target=target(forum.marked_id),
            settled_kind=LOOKED,
            branch=forum.branch,
            lane=Lane.NORMAL,
            args={"chat_id": forum.marked_id, "topics": list(topics), "messages": list(posts)},
            ordering_key=order,
            key=handling.key(f"look:{forum.id}"),
        )

    @subscriber(LOOKED, lane=DeliveryLane.BULK)
    async def looked(self, handling: Handling) -> None:
        """Compare what was read with the registry."""
        ended = Completed.of(handling.event)
        if not ended.done and ended.cause != CHAT_LOST:
            return
        subjects: list[Subject] = []
        async with handling.transaction() as tx:
            forum = await self._chats.forum(tx, int(ended.args["chat_id"]))
            if forum is None:
                return
            receipt = ended.receipt if ended.done else None
            if await self._update_bot_rights(tx, handling, forum, receipt):
                subjects += await self._subjects.subjects_of(
                    tx, forum, local_date(self._clock.now())
                )
            if receipt is not None:
                await self._chats.set_title(tx, forum.marked_id, str(receipt["title"]))
                subjects += await self._posts_of(tx, handling, forum, ended.args, receipt)
            if receipt is not None and receipt["forum"]:
                subjects += await self._topics_of(tx, handling, forum, ended.args, receipt)
            # in this transaction: a crash after it must not lose them
            for subject in dict.fromkeys(subjects):
                await refresh(tx, handling, subject)

    async def _update_bot_rights(
        self, tx: Tx, handling: Handling, forum: Forum, receipt: Mapping[str, Any] | None
    ) -> bool:
        """Record and report a change of the bot's rights; return whether it has all of them
        again."""
        lost = receipt is None
        lacks = (
            []
            if receipt is None or forum.purpose in SERVICE
            else [r for r in receipt["lacks"] if r in NEEDED]
            + ([] if receipt["forum"] else ["forum"])
        )
        if lost == forum.lost and frozenset(lacks) == forum.lacks:
            return False
        await self._chats.set_bot_rights(tx, forum, lacks=lacks, lost=lost)
        outcome = "lost" if lost else f"lacks {', '.join(lacks)}" if lacks else "able"
        await audit.record(
            tx,
            action="chat.standing",
            actor_name="Jarvis",
            subject=forum.title,
            outcome=outcome,
            event_id=handling.event.id,
        )
        key = (
            "chat.lost"
            if lost
            else "chat.plain"
            if "forum" in lacks
            else "chat.lacks"
            if lacks
            else "chat.able"
        )
        roles = _REPORT_ROLES if forum.branch else frozenset({Role.ADMIN})
        for actor, telegram_id in await self._staff.approvers(
            roles, frozenset({forum.branch} if forum.branch else ())
        ):
            names = ", ".join(
                label(f"right.{right}", actor.language)
                for right in (NEEDED if lost else lacks)
                if right != "forum"
            )
            text = say(key, actor.language, chat=html("<b>{}</b>", forum.title), list=names)
            await outbox.send(
                tx, handling.origin, telegram_id, text, key=handling.key(f"standing:{telegram_id}")
            )
        if not lacks and not lost:
            await handling.publish(
                tx,
                kind=ABLE,
                name=str(forum.id),
                payload={"chat_id": forum.marked_id},
                ordering_key=f"forum:{forum.id}",
            )
        return not lacks and not lost

    async def _posts_of(
        self,
        tx: Tx,
        handling: Handling,
        forum: Forum,
        args: Mapping[str, Any],
        receipt: Mapping[str, Any],
    ) -> list[Subject]:
        """Record photos that somebody deleted; return their cars, so that the archive gets them
        again."""
        there = [int(n) for n in receipt["messages"]]
        gone = [n for n in args["messages"] if n not in there]
        cars = await self._posts.seen(tx, forum.id, there, gone)
        if cars:
            await audit.record(
                tx,
                action="post.drift",
                actor_name="Jarvis",
                subject=forum.title,
                outcome="deleted",
                event_id=handling.event.id,
                details={"messages": gone},
            )
        return [Subject("car", key) for key in cars]

    async def _topics_of(
        self,
        tx: Tx,
        handling: Handling,
        forum: Forum,
        args: Mapping[str, Any],
        receipt: Mapping[str, Any],
    ) -> list[Subject]:
        """Repair each changed topic; return the subjects to reconcile."""
        known = await self._registry.by_numbers(tx, forum, args["topics"])
        posts = await self._opening_posts(tx, list(known.values()))
        subjects: list[Subject] = []
        for number, topic in known.items():
            seen = receipt["topics"].get(str(number))
            if seen is None:
                await self._note(tx, handling, topic, "deleted")
                subject = await self._registry.mark_deleted(tx, topic.id)
                await self._posts.topic_gone(tx, topic.id)
                subjects += [subject] if subject is not None else []
            elif topic.subject is not None:
                await self._same(tx, handling, topic, seen)
                post = posts.get(topic.id)
                if topic.state == "open" and post in args["messages"]:
                    subjects += await self._post(
                        tx, handling, topic, receipt["messages"].get(str(post))
                    )
        return subjects

    async def _same(
        self, tx: Tx, handling: Handling, topic: Topic, seen: Mapping[str, Any]
    ) -> None:
        if seen["title"] != topic.title:
            await self._note(tx, handling, topic, "renamed")
            await change(tx, handling.origin, topic, title=topic.title)
        if topic.state != "leaving" and seen["closed"] != (topic.state == "closed"):
            await self._note(tx, handling, topic, "closed" if seen["closed"] else "opened")
            await change(tx, handling.origin, topic, closed=topic.state == "closed")

    async def _post(
        self, tx: Tx, handling: Handling, topic: Topic, seen: Mapping[str, Any] | None
    ) -> list[Subject]:
        """Rewrite the opening post if it was deleted, pin it again if it was unpinned."""
        assert topic.opening is not None
        assert topic.subject is not None
        if seen is None:
            await self._note(tx, handling, topic, "post deleted")
            await self._registry.mark_opening_post_deleted(tx, topic.id)
            return [topic.subject]
        if not seen["pinned"]:
            await self._note(tx, handling, topic, "unpinned")
            await pin(tx, handling.origin, topic, topic.opening)
        return []

    async def _opening_posts(self, tx: Tx, topics: Sequence[Topic]) -> dict[UUID, int]:
        """Return the message ids of opening posts that are written and have no edit in progress."""
        rows = await tx.fetch(
            "SELECT id, (receipt->>'message_id')::bigint AS post FROM effect WHERE id = ANY($1) "
            "AND state = 'done'",
            [t.opening for t in topics if t.opening is not None],
        )
        by_effect = {row["id"]: row["post"] for row in rows}
        return {t.id: by_effect[t.opening] for t in topics if t.opening in by_effect}

    async def _note(self, tx: Tx, handling: Handling, topic: Topic, what: str) -> None:
        await audit.record(
            tx,
            action="topic.drift",
            actor_name="Jarvis",
            subject=topic.title,
            outcome=what,
            event_id=handling.event.id,
        )


_REPORT_ROLES = frozenset({Role.BRANCH_HEAD, Role.ADMIN})
