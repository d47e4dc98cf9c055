"""Kept results: one small JSON file a run in `benchmarks/results`, committed when they are accepted
(docs/benchmarks.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.harness.declare import Measured
from benchmarks.harness.machine import Machine, same_kind

KEPT = Path(__file__).parents[1] / "results"


class Earlier:
    """The last kept value of each figure on machines of one kind."""

    def __init__(self, machine: Machine, folder: Path = KEPT) -> None:
        documents: list[dict[str, Any]] = [
            json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")
        ]
        self._documents = sorted(
            (d for d in documents if same_kind(d["machine"], machine)),
            key=lambda d: d["at"],
            reverse=True,
        )

    def value(self, benchmark: str, figure: str) -> float | None:
        """None when no kept run has this figure."""
        for document in self._documents:
            found = document["benchmarks"].get(benchmark, {}).get("figures", {}).get(figure)
            if found is not None:
                return float(found)
        return None


def as_document(
    measured: Mapping[str, Measured], machine: Machine, commit: str, at: datetime
) -> dict[str, Any]:
    """The run as it is kept."""
    found = {
        name: {"figures": dict(m.figures), "conditions": dict(m.conditions)}
        for name, m in measured.items()
    }
    return {
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "machine": machine,
        "benchmarks": found,
    }


def keep(document: Mapping[str, Any], folder: Path = KEPT) -> Path:
    """Write it under the UTC time of the run and its commit; returns the path."""
    at = datetime.fromisoformat(document["at"])
    path = folder / f"{at:%Y-%m-%dT%H%M%S}-{document['commit'].replace('+', '-changed')}.json"
    folder.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
