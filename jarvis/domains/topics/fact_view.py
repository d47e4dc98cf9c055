"""The answer to a person who asked for a car's topic."""

from __future__ import annotations

from jarvis.domains.topics.facts import TopicFact
from jarvis.messaging.markup import html
from jarvis.messaging.view import Reader, Rendered, shows


@shows(TopicFact)
def topic(fact: TopicFact, reader: Reader) -> Rendered:
    """Return a link to the topic; Telegram opens it only for members of the group."""
    if fact.number is None:
        return Rendered(text=reader.say("house.topic.made", car=fact.car.label, chat=fact.forum))
    url = f"https://t.me/c/{str(fact.chat_id).removeprefix('-100')}/{fact.number}"
    return Rendered(text=html('🚗 <a href="{}">{}</a> · {}', url, fact.car.label, fact.forum))
