"""The event router's rules for the offline model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz, process

from jarvis.language.offline import Call, Finish, Turn

_KIND, _KNOWN = re.compile(r"^kind: (.*)$", re.M), re.compile(r"^known kinds: (.*)$", re.M)
ALMOST_THE_SAME = 80.0


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """Propose the known kind that is spelled almost the same, or none: without a model nothing is
    inferred from a name."""
    kind = _KIND.search(turn.said.text)
    known = _KNOWN.search(turn.said.text)
    if kind is None or known is None:
        return Finish(output={"kind": None, "reason": ""})
    found = process.extractOne(
        kind[1], known[1].split(", "), scorer=fuzz.ratio, score_cutoff=ALMOST_THE_SAME
    )
    return Finish(
        output={"kind": found[0] if found else None, "reason": "похожее имя" if found else ""}
    )
