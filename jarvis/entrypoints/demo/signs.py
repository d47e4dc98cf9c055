"""Filters of the desk's templates: times, initials, and the fixed emoji of messages drawn by the
page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from jarvis.kit.clock import TBILISI

# A bare system has no glyphs for these, so the page draws them; copied text stays as sent.
_CIRCLES = {
    "🟢": "#2E9E57",
    "🟠": "#D9822B",
    "🔴": "#C8332B",
    "⚫": "#333B40",
    "🔵": "#2B6CB0",
    "🩷": "#D46A9A",
    "⚪": "#C9D1D6",
    "🟡": "#D9B62B",
}
_PATHS = {
    "🚗": "M2 10l2-4h8l2 4v3h-2v-1H4v1H2zM4 9h8l-1-2H5z",
    "📅": "M2 3h12v11H2zM4 7h8v5H4zM5 1v3M11 1v3",
    "👤": "M8 8a3 3 0 100-6 3 3 0 000 6zm-6 6a6 6 0 0112 0z",
    "📍": "M8 1a5 5 0 00-5 5c0 4 5 9 5 9s5-5 5-9a5 5 0 00-5-5z",
    "💰": "M6 1h4l-1 3c4 2 4 10-1 10S3 6 7 4z",
    "🔧": "M10 2a4 4 0 00-4 5L1 12l3 3 5-5a4 4 0 005-4l-2 2-3-3z",
    "❓": "M8 1a7 7 0 100 14A7 7 0 008 1zM7 11h2v2H7zm-1-5c0-3 5-3 5 0 0 2-2 2-2 4H7c0-3 2-3 2-4s-1-1-1 0z",
    "⚠": "M8 1l7 13H1zM7 6h2v4H7zm0 5h2v2H7z",
    "⛔": "M8 1a7 7 0 100 14A7 7 0 008 1zM4 7h8v2H4z",
    "🕓": "M8 1a7 7 0 100 14A7 7 0 008 1zM7 4h2v4l3 2-1 1-4-2z",
    "₾": "M3 14h10v-1H8a4 4 0 01-1-8v4h1V5h1v4h1V5a4 4 0 013 3h1a5 5 0 00-4-4V2H9v2H8V2H7v2a5 5 0 000 10z",
    "✅": "M1 1h14v14H1zM3 8l3.5 4L13 5l-1.5-1.5L6.5 9 4.5 6.5z",
    "⏳": "M3 1h10v3L9 8l4 4v3H3v-3l4-4-4-4zM5 3l3 3 3-3zM5 13h6L8 10z",
    "⌛": "M3 1h10v3L9 8l4 4v3H3v-3l4-4-4-4zM8 10l-3 3h6z",
    "⬇": "M7 1h2v8h4l-5 6-5-6h4z",
    "📥": "M7 1h2v5h3l-4 4-4-4h3zM1 9h3l1 2h6l1-2h3v6H1z",
    "📝": "M2 1h9v4L7 9l-1 4 4-1 1-1v4H2zM4 4h5v1H4zm0 3h3v1H4zM12 5l2 2-5 5-2 .5.5-2z",
    "🗒": "M3 1h10v14H3zM5 4h6v1H5zm0 3h6v1H5zm0 3h4v1H5z",
    "☐": "M2 2h12v12H2zM3.5 3.5v9h9v-9z",
    "☑": "M2 2h12v12H2zM3.5 3.5v9h9v-9zM5 7.5L6.2 6.3 7.5 7.6 10.3 4.8 11.5 6l-4 4z",
    "➖": "M2 7h12v2.5H2z",
    "⏰": "M8 3a6 6 0 110 12A6 6 0 018 3zM7 5h2v4l2.500 1.500-1 1.500L7 10zM1 4l3-3 1 1-3 3zM15 4l-3-3-1 1 3 3z",
    "◌": "M8 1a7 7 0 100 14A7 7 0 008 1zm0 2a5 5 0 110 10A5 5 0 018 3z",
}
SIGNS = frozenset(_CIRCLES) | frozenset(_PATHS)
_SIGNS = re.compile("[" + "".join([*_CIRCLES, *_PATHS]) + "]\ufe0f?")


def filters() -> dict[str, Callable[..., Any]]:
    """Jinja filters."""
    return {"hm": hm, "initials": initials, "ground": ground, "drawn": drawn}


def hm(value: str | datetime | None) -> str:
    """`14:32` in Tbilisi."""
    if value is None:
        return ""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{moment.astimezone(TBILISI):%H:%M}"


def initials(name: str) -> str:
    """Two letters of a name."""
    return "".join(re.findall(r"\b[^\W\d_]", name)[:2]).upper() or name[:1]


def ground(name: str) -> int:
    """One of five pale backgrounds, the same in every list."""
    return sum(map(ord, name)) % 5


def drawn(html: str) -> str:
    """The text with its fixed emoji as small pictures that keep the emoji as their text
    alternative."""

    def draw(found: re.Match[str]) -> str:
        sign = found.group()[0]
        if sign in _CIRCLES:
            shape = f'<circle cx="8" cy="8" r="5" fill="{_CIRCLES[sign]}"/>'
        else:
            shape = f'<path d="{_PATHS[sign]}" fill="currentColor" fill-rule="evenodd"/>'
        return f'<svg class="sign" viewBox="0 0 16 16" role="img" aria-label="{sign}">{shape}</svg>'

    return _SIGNS.sub(draw, str(html))
