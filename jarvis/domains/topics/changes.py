"""Messages that an employee has Jarvis post into a car's topic, after approval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from jarvis.app.write import Write
from jarvis.domains.chats.models import Subject as TopicSubject
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.fleet.service import Car
from jarvis.engine.db import Database
from jarvis.engine.effects import EffectKind
from jarvis.engine.planned import PlannedWrite, Subject, TextChange
from jarvis.integrations.telegram.kinds import SEND, target
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Impossible
from jarvis.messaging.markup import html
from jarvis.messaging.presenter import Presenter

SOURCE = "Jarvis"
POST_MAX = 1500  # characters of a post


class PostPresenter(Presenter):
    """Shows the message on the approval card as a quotation of its author."""

    quoted = frozenset({"post"})


class PostChanges(Write):
    """Plans messages to topics."""

    kinds: ClassVar[Sequence[EffectKind]] = (SEND,)
    presenter: ClassVar[Presenter] = PostPresenter()

    def __init__(self, db: Database, clock: Clock, registry: TopicRegistry) -> None:
        self._db = db
        self._clock = clock
        self._registry = registry

    async def post(self, actor: Actor, car: Car, text: str) -> PlannedWrite:
        """Plan an employee's message to a car's topic, signed with their name.

        Raises:
            Impossible: the text is empty or too long, or the car has no topic yet.
        """
        text = text.strip()
        if not text or len(text) > POST_MAX:
            raise Impossible("no_words", n=POST_MAX)
        topic = await self._registry.live(self._db, TopicSubject("car", car.id), "branch_forum")
        if topic is None or topic.number is None:
            raise Impossible("no_topic", car=car.label)
        return PlannedWrite(
            kind=SEND.name,
            target=target(topic.marked_id),
            args={
                "chat_id": topic.marked_id,
                "topic": {"number": topic.number},
                "topic_row": str(topic.id),
                "text": html("👤 <b>{}</b>: {}", actor.name, text),
            },
            title="post",
            subject=Subject(kind="topic", id=topic.id, name=f"🚗 {topic.title}"),
            shown={},
            changes=(TextChange(field="post", new=text),),
            source=SOURCE,
            as_of=self._clock.now(),
            branch=car.branch,
        )
