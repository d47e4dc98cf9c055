"""How well words match a person's name, in any alphabet and with any case ending."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from jarvis.kit.text import fold


def name_score(words: Sequence[str], first: str | None, last: str | None) -> float:
    """0 to about 110 for folded words against a first and a last name; below 85 it is somebody
    else."""
    parts = [fold(p) for p in (first, last) if p and len(p) > 2]
    if not parts or not words:
        return 0.0
    hits = [max((_alike(word, part) for word in words), default=0.0) for part in parts]
    last_hit = hits[-1]
    if len(parts) == 2 and hits[0] >= 80 and last_hit >= 80:
        return 100 + (hits[0] + last_hit) / 20
    return last_hit if last_hit >= 85 else 0.0


def _alike(word: str, part: str) -> float:
    if word == part:
        return 100.0
    if len(part) < 4:
        return 90.0 if word.startswith(part) and len(word) <= len(part) + 2 else 0.0
    # Russian and Georgian case endings are one to three letters long.
    if word.startswith(part[: max(4, len(part) - 1)]) and -1 <= len(word) - len(part) <= 3:
        return 95.0
    return fuzz.ratio(word, part) if abs(len(word) - len(part)) <= 2 else 0.0
