"""What every view uses: the reader, buttons, the line of source and age, lists with further pages
behind a button."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, TypeVar

from jarvis.engine.freshness import FRESH_FOR, Freshness, Limited
from jarvis.engine.interactions import Who
from jarvis.kit.actor import Actor
from jarvis.kit.money import Money
from jarvis.messaging import times
from jarvis.messaging.callbacks import Payload
from jarvis.messaging.catalogue import label, say
from jarvis.messaging.facts import Fact
from jarvis.messaging.markup import Markup, html, lines, written_before
from jarvis.messaging.payloads import ShowPage

LIST_MAX = 7
PAGE_MAX = 20
LABEL_MAX = 34
_MARK = "__jarvis_shows__"
F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button below a message: its payload, and who may use it if not those of its group."""

    label: str
    payload: Payload
    who: Who | None = None

    def __post_init__(self) -> None:
        """
        Raises:
            TypeError: the label is HTML; `Reader.label` says the same sentence as plain text.
        """
        if isinstance(self.label, Markup):
            raise TypeError(f"a button shows no HTML: {self.label}")


@dataclass(slots=True, kw_only=True)
class Rendered:
    """HTML and the rows of buttons below it."""

    text: Markup
    buttons: list[list[Button]] = field(default_factory=list[list[Button]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The person for whom a text is rendered, the time, the language, and their request."""

    actor: Actor
    now: datetime
    language: str
    branches: Mapping[str, Mapping[str, str]]
    request: str = ""

    def branch(self, code: str | None) -> str:
        return self.branches.get(code or "", {}).get(self.language, code or "—")

    def say(self, key: str, **values: object) -> Markup:
        """A sentence as HTML: text among the values is escaped."""
        return say(key, self.language, **values)

    def label(self, key: str, **values: object) -> str:
        """A sentence as plain text, for buttons, toasts and requests."""
        return label(key, self.language, **values)

    def at(self, moment: datetime | None) -> str:
        return times.moment(moment, self.now, self.language)

    def brief(self, moment: datetime | None) -> str:
        return times.short_moment(moment, self.now, self.language)

    def span(self, start: datetime | None, end: datetime | None) -> str:
        if start is None or end is None:
            return self.brief(None)
        return times.period(start, end, self.now, self.language)

    def money(self, money: Money, *, exact: bool = False) -> str:
        return money.show(self.language, exact=exact)

    def count(self, number: int) -> str:
        """`48 215`, `48,215`."""
        return f"{number:,}".replace(",", "," if self.language == "en" else "\N{NO-BREAK SPACE}")

    @staticmethod
    def hours(span: timedelta) -> str:
        return f"{span.total_seconds() / 3600:g}"

    def age(self, moment: datetime | None) -> str:
        return times.age(moment, self.now, self.language)

    def doubtful(self, fresh: Freshness) -> bool:
        """Whether the data may be outdated: never read completely, old, or the source does not
        answer or was not asked."""
        return (
            fresh.failing_since is not None
            or fresh.limited is not None
            or fresh.as_of is None
            or self.now - fresh.as_of > FRESH_FOR
        )


def limit(limited: Limited, reader: Reader, key: str = "limited") -> Markup:
    """A sentence that the source was not asked because of a limit, and until when."""
    return reader.say(f"{key}.own" if limited.own else key, t=times.clock(limited.until))


def source(fresh: Freshness, reader: Reader) -> Markup:
    """The last line: source and age; a separate sentence when the data is old or the source does
    not answer."""
    line = html("<i>{}, {}</i>", fresh.source, reader.age(fresh.as_of))
    if fresh.limited is not None:
        return lines([limit(fresh.limited, reader), line])
    if fresh.failing_since is not None:
        return lines([reader.say("silent", t=times.clock(fresh.failing_since)), line])
    if fresh.as_of is None:
        return reader.say("never")
    if reader.now - fresh.as_of > FRESH_FOR:
        return lines([reader.say("stale", age=reader.age(fresh.as_of)), line])
    return line


def listed(
    head: Markup,
    rows: Sequence[Markup],
    fresh: Freshness,
    reader: Reader,
    *,
    extra: Sequence[Markup] = (),
) -> Rendered:
    """Render a head, the first rows, lines below them, source and age; a button shows further
    rows."""
    buttons: list[list[Button]] = []
    if len(rows) > LIST_MAX:
        moment = reader.say("as_of", source=fresh.source, t=reader.brief(fresh.as_of))
        buttons = [[_more(head, rows[LIST_MAX:], html("<i>{}</i>", moment), reader)]]
    return Rendered(
        text=lines([head, *rows[:LIST_MAX], *extra, source(fresh, reader)]), buttons=buttons
    )


def _more(head: Markup, rows: Sequence[Markup], tail: Markup, reader: Reader) -> Button:
    page = ShowPage(head=head, rows=tuple(rows), tail=tail)
    return Button(label=reader.label("b.more", n=len(rows)), payload=page)


def next_page(page: ShowPage, reader: Reader) -> Rendered:
    """The next page of a list as it was read then, with the time of that read; with a button if
    there are more."""
    head, tail = written_before(page.head), written_before(page.tail)
    rows = [written_before(row) for row in page.rows]
    rest = rows[PAGE_MAX:]
    buttons = [[_more(head, rest, tail, reader)]] if rest else []
    return Rendered(text=lines([head, *rows[:PAGE_MAX], tail]), buttons=buttons)


def short(text: str) -> str:
    """A label that fits a button: cut between words, never inside one, and not after a
    preposition."""
    if len(text) <= LABEL_MAX:
        return text
    head = text[: LABEL_MAX - 1]
    words = head.split(" ")[:-1]
    while len(words) > 1 and len(words[-1]) <= 2:
        words.pop()
    return (" ".join(words) or head).rstrip(" ,.·(") + "…"


Show = Callable[[F, Reader], Rendered]


def shows(
    kind: type[F],
) -> Callable[[Callable[[F, Reader], Rendered]], Callable[[F, Reader], Rendered]]:
    """Mark a function as the view of one type of facts."""

    def mark(render: Callable[[F, Reader], Rendered]) -> Callable[[F, Reader], Rendered]:
        setattr(render, _MARK, kind)
        return render

    return mark


class Views:
    """The views of all types of facts, gathered from the modules of the features."""

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        """
        Raises:
            ValueError: two views of one type.
        """
        self._views: dict[type[Fact], Callable[[Any, Reader], Rendered]] = {}
        for module in modules:
            for render in vars(module).values():
                kind = getattr(render, _MARK, None)
                if kind is None or render.__module__ != module.__name__:
                    continue
                if kind in self._views:
                    raise ValueError(f"{module.__name__}: {kind.__name__} has a view already")
                self._views[kind] = render

    def __contains__(self, kind: type[Fact]) -> bool:
        return kind in self._views

    def render(self, fact: Fact, reader: Reader) -> Rendered:
        """Render one fact as Telegram's HTML in the reader's language, with its source and age at
        the end.

        Raises:
            KeyError: no feature has a view of this type.
        """
        return self._views[type(fact)](fact, reader)
