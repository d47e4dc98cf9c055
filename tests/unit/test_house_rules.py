"""What review would forget: files of integrations, labels of tools, sizes, words, routes."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

import agents
import jarvis.domains
import tools
from jarvis.app.discovery import features, integrations
from jarvis.app.role import roles
from jarvis.entrypoints.demo.signs import SIGNS
from jarvis.entrypoints.demo.text import known
from jarvis.kit import errors
from jarvis.kit.roles import ACTORS
from jarvis.messaging import fact_views, facts
from jarvis.messaging.catalogue import keys
from jarvis.messaging.focus import marks
from jarvis.messaging.view import Views
from tests.mutations import MUTATIONS
from tools.decorators import Toolset, new_toolset, write
from tools.policy import DENIED, gathered, matrix, policy_of, toolsets

ROOT = Path(__file__).parents[2]
SOURCES = [
    p
    for room in (
        "jarvis",
        "agents",
        "tools",
        "prompts",
        "migrations",
        "evals",
        "tests",
        "benchmarks",
    )
    for p in (ROOT / room).rglob("*.py")
]
SPEAKING = [
    path
    for room in ("orchestrator", "domains", "messaging")
    for path in (ROOT / "jarvis" / room).rglob("*.py")
]
SENTENCES = [*(ROOT / "jarvis").rglob("*.ftl")]
LADDER = {
    "typed_models",
    "own_error_tree",
    "sandbox_real_protocol",
    "four_failure_walks",
    "rate_limited",
    "diagnostics_redacted",
    "webhook_raw_first",
    "effects_declared",
}


def test_every_integration_is_whole() -> None:
    found = [f.manifest for f in integrations()]
    assert {i.name for i in found} >= {"llm", "rentprog", "storage", "telegram"}
    for integration in found:
        folder = ROOT / "jarvis" / "integrations" / integration.name
        assert (folder / "settings.py").exists()
        ladder = tomllib.loads((folder / "quality.toml").read_text())
        assert set(ladder) == LADDER, integration.name
        assert all(value == "done" or value.startswith("exempt: ") for value in ladder.values())
        if ladder["sandbox_real_protocol"] == "done" and integration.name != "storage":
            assert (folder / "sandbox").is_dir()


def test_no_tool_writes_without_a_word() -> None:
    assert policy_of("never heard of") is DENIED
    for name, policy in matrix().items():
        assert policy.roles, f"{name} is for nobody"
        waits = policy.approval in ("always", "two_persons") and policy.effect_class in ("A", "B")
        opens = name in ("open_topic", "start_checklist")  # for who asks, where it belongs anyway
        assert policy.effect == "read" or waits or opens, f"{name} would write without a word"


async def _does_nothing() -> str:
    """Do nothing."""
    return "nothing"


def test_a_tool_without_a_policy_is_none() -> None:
    toolset = new_toolset("bare")
    with pytest.raises(TypeError, match="no policy"):
        toolset.tool_plain(_does_nothing)
    with pytest.raises(TypeError, match="no policy"):
        toolset.add_function(_does_nothing, metadata={"policy": "a word"})
    with pytest.raises(ValueError, match="names who may give it"):
        write(toolset, effect_class="A", roles=ACTORS, scope="company")
    assert not toolset.tools
    with pytest.raises(ValueError, match="two tools are called"):
        gathered([*toolsets(), toolsets()[0]])
    assert all(isinstance(each, Toolset) for each in toolsets()), "only ours refuse such tools"


def test_every_fact_has_a_view_and_only_one() -> None:
    modules = [m for found in features() for m in found.modules(found.manifest.views)]
    views = Views([fact_views, *modules])  # two views of one type are refused
    names = [
        f"{folder.name}.facts"
        for folder in pkgutil.iter_modules(jarvis.domains.__path__, "jarvis.domains.")
    ]
    rooms = [importlib.import_module(n) for n in names if importlib.util.find_spec(n) is not None]
    kinds = {
        value
        for room in (facts, *rooms)
        for value in vars(room).values()
        if isinstance(value, type) and issubclass(value, facts.Fact) and value is not facts.Fact
    }
    assert len(kinds) > 20
    assert sorted(kind.__name__ for kind in kinds if kind not in views) == []


def test_every_guard_that_is_taken_out_stands_in_its_file_once() -> None:
    counts = {m.guard: (ROOT / m.path).read_text().count(m.text) for m in MUTATIONS}
    assert {guard: n for guard, n in counts.items() if n != 1} == {}


def test_what_hears_people_is_built_with_the_handlers() -> None:
    """The inbox asks handlers only: a mark on a service would be heard by nobody."""
    services = [each for found in features() for each in found.objects(found.manifest.services)]
    deaf = [s for s in services if isinstance(s, type) and any(marks(s))]
    assert deaf == []


def test_no_module_is_too_long() -> None:
    long = {
        str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 500
    }
    assert long == {}


def test_no_text_is_split_where_a_type_belongs() -> None:
    parts = re.compile(r"""split\(\s*["']\|["']|partition\(\s*["']\|["']""")
    rooms = [ROOT / "jarvis", ROOT / "agents", ROOT / "tools"]
    for path in (path for path in SOURCES if any(room in path.parents for room in rooms)):
        assert not parts.search(path.read_text()), path


def test_every_error_stands_in_the_tree() -> None:
    text = (errors.__doc__ or "") + ""
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert name in text, f"{name} is missing in the drawing"


def test_our_agents_and_tools_are_ours() -> None:
    assert Path(agents.__file__ or "").parent == ROOT / "agents"
    assert Path(tools.__file__ or "").parent == ROOT / "tools"
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("openai-agents")


def test_the_pinned_pair_is_a_pair() -> None:
    assert importlib.metadata.version("pydantic-ai-slim") == importlib.metadata.version(
        "pydantic-evals"
    )


def test_every_catalogue_key_that_code_names_exists() -> None:
    used: set[str] = set()
    for path in SPEAKING:
        said = r"""\b(?:say|label)\(\s*["']([a-z_.0-9]+)["']"""
        used |= set(re.findall(said, path.read_text()))
    plain = {key for key in used if not key.endswith(".")}
    assert plain <= keys(), plain - keys()
    for stem in used - plain:  # the rest of such a key is a value
        assert any(key.startswith(stem) for key in keys()), stem
    for state in range(7):
        assert f"state.{state}" in keys()


def test_what_is_text_is_escaped_where_it_is_put_in() -> None:
    """`html`, `lines` and `Reader.say` escape: who escapes beside them shows people `&lt;`."""
    escaping = re.compile(r"^\s*(?:from html import .*\bescape\b|import html\b)", re.M)
    assert [str(p.relative_to(ROOT)) for p in SPEAKING if escaping.search(p.read_text())] == []


def test_no_f_string_holds_html() -> None:
    """An f-string escapes nothing, and what it makes of `Markup` is escaped a second time."""
    tag = re.compile(r"</?(?:b|i|u|s|code|pre|blockquote)>|<a ")
    loose: list[str] = []
    for path in SPEAKING:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.JoinedStr):
                continue
            said = [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
            if any(tag.search(part) for part in said):
                loose.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert loose == []


def test_every_sign_of_our_messages_is_drawn_at_the_desk() -> None:
    import unicodedata

    said = "".join(path.read_text() for path in (*SPEAKING, *SENTENCES))
    used = {c for c in said if unicodedata.category(c) == "So" and ord(c) > 0x2300} - {
        "№",
        "\ufe0f",
    }
    assert used <= SIGNS, used - SIGNS


def test_agent_files_are_short_and_name_no_model() -> None:
    for path in (ROOT / "agents").glob("*/agent.py"):
        text = path.read_text()
        assert len(text.splitlines()) < 100
        assert not re.search(r"gpt|claude|openai:|anthropic:", text)


def test_no_broad_except_outside_a_boundary() -> None:
    loose: list[str] = []
    for path in (ROOT / "jarvis").rglob("*.py"):
        source = path.read_text()
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if (
                not isinstance(node, ast.ExceptHandler)
                or not isinstance(node.type, ast.Name)
                or node.type.id != "Exception"
            ):
                continue
            if "boundary" not in "".join(
                lines[node.lineno - 2 : node.lineno]
            ) and "sandbox" not in str(path):
                loose.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not loose


def test_commands_and_the_demo_ask_nouns_and_the_engine() -> None:
    sql = re.compile(r"\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b")
    rooms = [ROOT / "jarvis" / "entrypoints" / name for name in ("cli", "demo")]
    paths = [path for room in rooms for path in room.rglob("*.py") if path.name != "queries.py"]
    assert not [str(path.relative_to(ROOT)) for path in paths if sql.search(path.read_text())]


def test_no_statement_leaves_state_in_its_session() -> None:
    """Connections go back to the pool as they are, and PgBouncer hands them to anyone between two
    transactions."""
    kept = re.compile(
        r"pg_(?:try_)?advisory_lock(?:_shared)?\s*\(|\bLISTEN\s|\bSET "
        r"SESSION\b|\bset_config\b|WITH HOLD|CREATE TEMP"
    )
    # its own connection, closed at once
    ours = [p for p in (ROOT / "jarvis").rglob("*.py") if "testing" not in p.parts]
    texts = [*ours, *(ROOT / "migrations" / "sql").glob("*.sql")]
    assert not [str(path.relative_to(ROOT)) for path in texts if kept.search(path.read_text())]


def test_prompts_carry_a_version_and_a_hash() -> None:
    from prompts.book import PromptBook

    book = PromptBook()
    for name, role in roles().items():
        prompt = book.prompt(name)
        assert prompt.version.isdigit()
        assert len(prompt.hash) == 12
        assert role.load(role.agent).name == name


def test_every_tool_and_parameter_has_a_name_at_the_desk() -> None:
    for toolset in toolsets():
        for name, tool in toolset.tools.items():
            assert known(f"tool.{name}"), name
            for parameter in tool.function_schema.json_schema["properties"]:
                assert known(f"param.{parameter}"), f"{name}({parameter})"
