"""The answer to a person who asked for a car's photos."""

from __future__ import annotations

from jarvis.domains.media.facts import MaterialFact
from jarvis.domains.media.payloads import ShowSet
from jarvis.domains.media.view import car_head, set_line
from jarvis.messaging.markup import lines
from jarvis.messaging.view import Button, Reader, Rendered, shows


@shows(MaterialFact)
def material(fact: MaterialFact, reader: Reader) -> Rendered:
    """Return the sets, each with a button that shows its files in private."""
    rows, buttons = [car_head(fact.car, fact.total, reader)], list[Button]()
    for number, line in enumerate(fact.sets, 1):
        rows.append(set_line(number, line.found, line.booking, line.digests, reader))
        label = f"{number}. {reader.label(f'op.{line.found.operation}')}"
        buttons.append(Button(label=label, payload=ShowSet(set_id=line.found.id)))
    if fact.total > len(fact.sets):
        rows.append(reader.say("carfile.more", n=fact.total - len(fact.sets)))
    return Rendered(
        text=lines(rows), buttons=[buttons[n : n + 2] for n in range(0, len(buttons), 2)]
    )
