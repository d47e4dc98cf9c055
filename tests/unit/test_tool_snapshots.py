"""What reviewers read of the tools is what the tools are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from jarvis.domains.news.subscriptions import CLASSES, MODES
from tools.snapshot import COMMAND, SNAPSHOTS, snapshots

TOOLS: list[dict[str, Any]] = [
    tool
    for path, text in snapshots().items()
    if path.suffix == ".json"
    for tool in json.loads(text)
]


def test_the_snapshots_show_the_tools_as_they_are() -> None:
    assert not SNAPSHOTS.differing(), f"tools/ changed: read what differs, then run `{COMMAND}`"


def _words(tool: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield tool["name"], tool["description"]
    for name, parameter in tool["parameters"]["properties"].items():
        yield f"{tool['name']}.{name}", parameter["description"]
    for name, each in tool["parameters"].get("$defs", {}).items():
        yield f"{tool['name']}${name}", each["description"]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool["name"])
def test_a_model_can_tell_what_each_value_means(tool: dict[str, Any]) -> None:
    for place, words in _words(tool):
        assert words.endswith((".", "`.")), place
        assert "\n" not in words, place
        assert not re.search(r"\.py\b|tools/|domain:", words), f"{place}: a developer's word"
    definitions = tool["parameters"].get("$defs", {})
    for name, parameter in tool["parameters"]["properties"].items():
        for leaf in parameter.get("anyOf", [parameter]):
            shown = leaf if "$ref" not in leaf else definitions[leaf["$ref"].rpartition("/")[2]]
            words = parameter["description"] + shown.get("description", "")
            values = set(shown.get("enum", [])) - {*CLASSES, *MODES}
            missing = {value for value in values if f"`{value}`" not in words}
            assert not missing, f"{tool['name']}.{name} does not tell what these mean: {missing}"
            if shown.get("format") in ("date", "date-time"):
                assert re.search(r"e\.g\. `2026|Tbilisi wall time", words), name
