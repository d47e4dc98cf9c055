"""The company's rules as a person reads them."""

from __future__ import annotations

from jarvis.domains.knowledge.facts import KnowledgeFact
from jarvis.messaging.markup import html, joined
from jarvis.messaging.view import Reader, Rendered, shows


@shows(KnowledgeFact)
def knowledge(fact: KnowledgeFact, reader: Reader) -> Rendered:
    if not fact.sections:
        return Rendered(text=reader.say("knowledge.none"))
    parts = [
        html("<b>{}</b>\n{}\n<i>{}</i>", s.heading, s.text, s.title) for s in fact.sections[:1]
    ]
    return Rendered(text=joined("\n\n", parts))
