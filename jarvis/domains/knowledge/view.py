"""The company's rules as a person reads them."""

from __future__ import annotations

from html import escape

from jarvis.domains.knowledge.facts import KnowledgeFact
from jarvis.messaging.view import Reader, Rendered, shows


@shows(KnowledgeFact)
def knowledge(fact: KnowledgeFact, reader: Reader) -> Rendered:
    if not fact.sections:
        return Rendered(text=reader.say("knowledge.none"))
    parts = [
        f"<b>{escape(s.heading)}</b>\n{escape(s.text)}\n<i>{escape(s.title)}</i>"
        for s in fact.sections[:1]
    ]
    return Rendered(text="\n\n".join(parts))
