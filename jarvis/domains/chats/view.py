"""Texts and buttons for administrators about the company's groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jarvis.domains.chats.models import OWN, Forum, Purpose
from jarvis.domains.chats.payloads import LeaveChatUnused, RegisterChat
from jarvis.domains.chats.places import Place
from jarvis.integrations.telegram.kinds import RIGHTS
from jarvis.messaging.catalogue import label, say
from jarvis.messaging.markup import Markup, html, lines
from jarvis.messaging.view import Button

# by which the purpose of a group is guessed from its title
_NAMES: Mapping[Purpose, Sequence[str]] = {
    "archive": ("архив", "archive", "არქივ"),
    "leaders": ("руковод", "leaders", "ხელმძღვ"),
    "sales": ("продаж", "sales", "გაყიდვ"),
    "marketing": ("маркетинг", "marketing", "მარკეტინგ"),
}
_TASKS = ("tasks", "задач", "დავალებ")


def needs(lacks: Sequence[str], language: str) -> str:
    """Return a list of missing rights and settings in words, as plain text."""
    return ", ".join(
        label(
            f"setup.need.{n}" if n in ("forum", "read_only", "member") else f"right.{n}", language
        )
        for n in lacks
    )


def purpose(place: Place, language: str) -> str:
    """Return what a group is for, as plain text: `форум: Батуми`, `архив материалов`, `задачи: Лаша
    Гогуадзе`."""
    return label(f"setup.purpose.{place.purpose}", language, whose=place.names.get(language, ""))


def question(title: str, lacks: Sequence[str], language: str) -> Markup:
    state = (
        say("setup.missing", language, list=needs(lacks, language))
        if lacks
        else say("setup.ready", language)
    )
    return say("setup.ask", language, chat=title, state=state)


def missing(title: str, name: str, lacks: Sequence[str], language: str) -> Markup:
    state = say("setup.missing", language, list=needs(lacks, language))
    return html("⚠️ <b>{}</b> · {}\n{}", title, name, state)


def purposes(chat_id: int, title: str, free: Sequence[Place], language: str) -> list[list[Button]]:
    """Return a button for each unserved purpose, the likeliest by the group's title first, and
    one for groups that are not used."""
    said = title.casefold()

    def unlikely(place: Place) -> tuple[bool, bool, bool]:
        words = _NAMES.get(place.purpose, (place.key or place.purpose, *place.names.values()))
        named = any(word.casefold() in said for word in words)
        return (
            not named,
            place.purpose not in OWN,
            (place.purpose == "tasks") != any(word in said for word in _TASKS),
        )

    rows = [
        [
            Button(
                label=_upper(purpose(p, language))[:34],
                payload=RegisterChat(chat_id=chat_id, purpose=p.purpose, key=p.key),
            )
        ]
        for p in sorted(free, key=unlikely)[:8]
    ]
    return [
        *rows,
        [Button(label=label("setup.none", language), payload=LeaveChatUnused(chat_id=chat_id))],
    ]


def overview(
    rows: Sequence[tuple[Place, Forum | None]],
    people: int,
    own: Mapping[Purpose, int],
    language: str,
) -> Markup:
    """Return a line for each needed group: what serves it, what is missing there, or what to do;
    then how many employees have groups of their own."""
    groups = [html("<b>{}</b>", say("setup.title", language))]
    for place, forum in rows:
        name = _upper(purpose(place, language))
        if forum is None:
            groups.append(html("◌ {}: {}", name, say("setup.absent", language)))
        elif forum.lost or forum.lacks:
            lacks = ["member"] if forum.lost else sorted(forum.lacks)
            state = say("setup.missing", language, list=needs(lacks, language))
            groups.append(html("⚠️ {}: {} · {}", name, forum.title, state))
        else:
            groups.append(html("🟢 {}: {}", name, forum.title))
    groups.append(say("setup.own", language, n=people, clients=own["personal"], tasks=own["tasks"]))
    if any(forum is None for _, forum in rows):
        groups.append(say("setup.how", language, rights=needs(RIGHTS, language)))
    return lines(groups)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
