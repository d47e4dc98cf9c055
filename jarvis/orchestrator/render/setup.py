"""What an administrator reads about the company's chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from jarvis.domains.chats.service import Forum, Purpose
from jarvis.domains.staff.service import Branch
from jarvis.integrations.telegram.kinds import RIGHTS
from jarvis.orchestrator.render.base import Button
from jarvis.orchestrator.render.words import say

_NAMES: Mapping[Purpose, Sequence[str]] = {  # by which a group's purpose is guessed
    "archive": ("архив", "archive", "არქივ"), "leaders": ("руковод", "leaders", "ხელმძღვ"), "sales": ("продаж", "sales", "გაყიდვ"),
    "marketing": ("маркетинг", "marketing", "მარკეტინგ"),
}  # fmt: skip


def needs(lacks: Sequence[str], language: str) -> str:
    """What is missing, in words."""
    return ", ".join(say(f"setup.need.{n}" if n in ("forum", "read_only", "member") else f"right.{n}", language) for n in lacks)


def purpose(of: Purpose, branch: Branch | None, language: str) -> str:
    """`форум: Батуми`, `архив материалов`."""
    return say(f"setup.purpose.{of}", language, branch=branch.names[language] if branch is not None else "")


def question(title: str, lacks: Sequence[str], language: str) -> str:
    state = say("setup.missing", language, list=needs(lacks, language)) if lacks else say("setup.ready", language)
    return say("setup.ask", language, chat=escape(title), state=state)


def missing(title: str, name: str, lacks: Sequence[str], language: str) -> str:
    return f"⚠️ <b>{escape(title)}</b> · {name}\n{say('setup.missing', language, list=needs(lacks, language))}"


def purposes(
    chat_id: int, title: str, free: Sequence[tuple[Purpose, str | None]], branches: Sequence[Branch], language: str
) -> list[list[Button]]:
    """One button a purpose that is free, the likeliest by the group's name first; and one that says that it is none."""
    names = {b.code: b for b in branches}
    said = title.casefold()

    def unlikely(of: tuple[Purpose, str | None]) -> bool:
        kind, code = of
        words = _NAMES[kind] if kind in _NAMES else (code or kind, *(names[code].names.values() if code else ()))
        return not any(word.casefold() in said for word in words)

    rows = [
        [Button(label=_upper(purpose(k, names.get(c or ""), language))[:34], request=f"{chat_id}|{k}|{c or ''}", kind="setup")]
        for k, c in sorted(free, key=unlikely)[:8]
    ]
    return [*rows, [Button(label=say("setup.none", language), request=f"{chat_id}||", kind="setup")]]


def overview(rows: Sequence[tuple[Purpose, Branch | None, Forum | None]], language: str) -> str:
    """A line a purpose: what serves it, what that lacks, or what to do."""
    lines = [f"<b>{say('setup.title', language)}</b>"]
    for kind, branch, forum in rows:
        name = _upper(purpose(kind, branch, language))
        if forum is None:
            lines.append(f"◌ {name}: {say('setup.absent', language)}")
        elif forum.lost or forum.lacks:
            lacks = ["member"] if forum.lost else sorted(forum.lacks)
            lines.append(f"⚠️ {name}: {escape(forum.title)} · {say('setup.missing', language, list=needs(lacks, language))}")
        else:
            lines.append(f"🟢 {name}: {escape(forum.title)}")
    if any(forum is None for _, _, forum in rows):
        lines.append(say("setup.how", language, rights=needs(RIGHTS, language)))
    return "\n".join(lines)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
