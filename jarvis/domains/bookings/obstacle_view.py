"""Text about an impossible extension and its alternatives."""

from __future__ import annotations

from jarvis.domains.bookings.facts import ObstacleFact
from jarvis.domains.fleet.naming import show_plate
from jarvis.kit.clock import local
from jarvis.messaging.markup import Markup, html, lines
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button, Reader, Rendered, short, shows


@shows(ObstacleFact)
def obstacle(fact: ObstacleFact, reader: Reader) -> Rendered:
    """Why an extension is impossible, and the alternatives with their prices."""
    o = fact.obstacle
    b = o.booking
    why = reader.say(
        "obstacle",
        num=b.shown,
        car=b.car_label or "—",
        end=reader.brief(b.end),
        until=reader.brief(o.until),
        start=reader.brief(o.following.start),
        next=o.following.shown,
    )
    rows = [html("⛔ {}", why)]
    ways: list[Markup] = []
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
                    label=short(reader.label("b.until", t=reader.brief(o.shorter))),
                    payload=Ask(request=reader.label("again.extend", num=b.shown, end=wall)),
                )
            ]
        )
    if o.other is not None and o.other_price is not None:
        price = o.other_price
        ways.append(
            reader.say(
                "obstacle.swap",
                next=o.following.shown,
                car=o.other.label,
                until=reader.brief(o.until),
                price="+" + price.total.show(reader.language, exact=True),
            )
        )
        wall = local(o.until).strftime("%d.%m.%Y %H:%M")
        buttons.append(
            [
                Button(
                    label=short(reader.label("b.swap", next=o.following.shown)),
                    payload=Ask(
                        request=reader.label(
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
        rows.append(reader.say("obstacle.ways"))
        rows += [html("{}. {}", n, way) for n, way in enumerate(ways, 1)]
    rows.append(html("<i>{}, {}</i>", fact.fresh.source, reader.age(fact.fresh.as_of)))
    return Rendered(text=lines(rows), buttons=buttons)
