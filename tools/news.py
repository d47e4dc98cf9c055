"""Subscriptions of service chats."""

from __future__ import annotations

from typing import cast

from pydantic_ai import RunContext

from jarvis.domains.chats.models import Purpose
from jarvis.domains.news.changes import SubscriptionChanges
from jarvis.domains.news.subscriptions import EventClass, Mode
from jarvis.kit.roles import ADMINS, HEADS
from tools.arguments import Branch, ServiceChat
from tools.decorators import Planned, new_toolset, write
from tools.deps import Deps

news = new_toolset("news")


@write(news, effect_class="A", roles=HEADS | ADMINS, approvers=ADMINS, scope="company")
async def subscribe_chat(
    ctx: RunContext[Deps],
    chat: ServiceChat,
    news: EventClass,
    mode: Mode,
    branch: Branch | None = None,
) -> Planned:
    """What a service chat hears of: a class of events, of one branch or of all. Nothing happens
    before an administrator approves.

    Args:
        chat: Which of the company's service chats.
        news: The class of events: a booking that was created, cancelled, issued (the car given out)
            or returned, a car that went to another branch, a problem with a car, a check-list that
            was closed with gaps.
        mode: `instant`: each at once; `digest`: together, once a day; `off`: not at all.
        branch: Code of a branch, only when one was said; every branch when absent.
    """
    purpose = cast(Purpose, chat)  # the guard accepts no other
    return [
        await ctx.deps.get(SubscriptionChanges).subscribe(
            ctx.deps.actor, purpose, news, branch, mode
        )
    ]
