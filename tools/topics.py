"""Topics of cars: a link to one, and posts in it."""

from __future__ import annotations

from pydantic_ai import RunContext

from jarvis.domains.chats.models import REFRESHES, Subject
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.topics.changes import PostChanges
from jarvis.domains.topics.facts import TopicFact
from jarvis.engine.db import Database
from jarvis.engine.journal import Journal
from jarvis.kit.actor import Role
from jarvis.kit.roles import ACTORS, BRANCH_STAFF
from jarvis.messaging.facts import ProblemFact
from tools.arguments import Said, Words
from tools.decorators import Planned, new_toolset, write
from tools.deps import Deps
from tools.resolve import resolve_car

topics = new_toolset("topics")


@write(
    topics,
    effect_class="A",
    roles=BRANCH_STAFF,
    scope="branch",
    approval="never",
)
async def open_topic(ctx: RunContext[Deps], car: Said) -> str:
    """The topic of a car in the forum of its branch: a link to it; one that is missing is made.

    Args:
        car: The car as it was said, e.g. `приус 417`.
    """
    deps = ctx.deps
    db = deps.get(Database)
    chat_service = deps.get(ChatService)
    found = await resolve_car(ctx, car)
    if isinstance(found, str):
        return found
    deps.scope(found.branch)
    forum = await chat_service.forum_of(db, found.branch)
    if forum is None or forum.lost:
        key = deps.run.facts.add(ProblemFact(tool="open_topic", reason="no_forum", values={}))
        return f"[{key}] The branch has no forum: show this fact."
    topic = await deps.get(TopicRegistry).live(db, Subject("car", found.id), "branch_forum")
    if topic is None:
        async with db.transaction() as tx:
            await deps.get(Journal).publish(
                tx,
                kind=REFRESHES["car"],
                dedup_key=f"asked:{deps.run.run_id}:{found.id}",
                payload={"subject": str(found.id)},
                ordering_key=f"timer:{found.id}",
            )
    number = topic.number if topic is not None else None
    key = deps.run.facts.add(
        TopicFact(car=found, forum=forum.title, chat_id=forum.marked_id, number=number)
    )
    return (
        f"[{key}] The topic of {found.label} in {forum.title}: "
        f"{'open' if number else 'is being made'}."
    )


@write(
    topics,
    effect_class="A",
    roles=ACTORS | {Role.MECHANIC, Role.SALES},
    approvers=ACTORS,
    scope="company",
)
async def post_to_topic(ctx: RunContext[Deps], car: Said, text: Words) -> Planned:
    """Put the person's words into the topic of a car, under their name. Nothing happens before a
    person approves the card.

    Args:
        car: The car as it was said, e.g. `приус 417`.
        text: The words that others are to read, exactly as the person said them, without the
            request around them.
    """
    found = await resolve_car(ctx, car)
    if isinstance(found, str):
        return found
    ctx.deps.scope(found.branch)
    return [await ctx.deps.get(PostChanges).post(ctx.deps.actor, found, text)]
