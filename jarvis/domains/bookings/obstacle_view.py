"""Text about an impossible extension and its alternatives."""

from __future__ import annotations

from html import escape

from jarvis.domains.bookings.facts import ObstacleFact
from jarvis.domains.fleet.naming import show_plate
from jarvis.kit.clock import local
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button, Reader, Rendered, short, shows


@shows(ObstacleFact)
def obstacle(fact: ObstacleFact, reader: Reader) -> Rendered:
    """Why an extension is impossible, and the alternatives with their prices."""
    o = fact.obstacle
    b = o.booking
    lines = [
        "⛔ "
        + reader.say(
            "obstacle",
            num=b.shown,
            car=escape(b.car_label or "—"),
            end=reader.brief(b.end),
            until=reader.brief(o.until),
            start=reader.brief(o.following.start),
            next=o.following.shown,
        )
    ]
    ways: list[str] = []
    buttons: list[list[Button]] = []
    if o.shorter is not None and o.shorter_price is not None:
        price = o.shorter_price
        ways.append(
            reader.say(
                "obstacle.shorter",
                until=reader.brief(o.shorter),
                price="+" + price.total.show(reader.language, exact=True),
                days=price.days,
                rate=price.rate.show(reader.language),
            )
        )
        wall = local(o.shorter).strftime("%d.%m.%Y %H:%M")
        buttons.append(
            [
                Button(
                    label=short(reader.say("b.until", t=reader.brief(o.shorter))),
                    payload=Ask(request=reader.say("again.extend", num=b.shown, end=wall)),
                )
            ]
        )
    if o.other is not None and o.other_price is not None:
        price = o.other_price
        ways.append(
            reader.say(
                "obstacle.swap",
                next=o.following.shown,
                car=escape(o.other.label),
                until=reader.brief(o.until),
                price="+" + price.total.show(reader.language, exact=True),
            )
        )
        wall = local(o.until).strftime("%d.%m.%Y %H:%M")
        buttons.append(
            [
                Button(
                    label=short(reader.say("b.swap", next=o.following.shown)),
                    payload=Ask(
                        request=reader.say(
                            "again.swap",
                            num=b.shown,
                            end=wall,
                            next=o.following.shown,
                            plate=show_plate(o.other.plate_key),
                        )
                    ),
                )
            ]
        )
    if ways:
        lines.append(reader.say("obstacle.ways"))
        lines += [f"{n}. {way}" for n, way in enumerate(ways, 1)]
    lines.append(f"<i>{fact.fresh.source}, {reader.age(fact.fresh.as_of)}</i>")
    return Rendered(text="\n".join(lines), buttons=buttons)
