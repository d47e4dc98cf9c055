"""Roles by folder: what is made of their manifests and intents, and a role that nobody wrote a line
for elsewhere."""

from __future__ import annotations

import ast
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
import yaml
from pydantic import ValidationError
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

import agents
import jarvis.language
from agents.grammar import asked, grammar, read
from agents.router.agent import prompt_of, router_of
from agents.router.offline import role_of
from agents.router.offline import rules as route_rules
from agents.router.output import route_of
from jarvis.app.role import Place, Role, delegates, language_said, roles
from jarvis.app.services import Services
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.service import FleetService
from jarvis.kit.actor import LANGUAGES, Actor, Language
from jarvis.kit.actor import Role as Post
from jarvis.kit.clock import TBILISI
from jarvis.language.grammar import Grammar, Intent, Intents
from jarvis.language.offline import Finish, Turn
from jarvis.messaging.fact_views import help_page
from jarvis.messaging.facts import HelpFact
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Reader
from prompts.book import PromptBook
from tools.guide import examples_for, fillable
from tools.policy import matrix, policy_of

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 12, 14, 30, tzinfo=TBILISI)
THINGS = {"car": "Malibu 235", "booking": "1200"}
CLIENTS = {"ru": "Олег Рудин", "en": "Oleg Rudin", "ka": "ოლეგ რუდინი"}
LOST = "lost_property"
MANIFEST = """
from jarvis.app.role import Role

ROLE = Role(
    name="lost_property",
    summary="what was found in a car",
    title={"ru": "находки", "en": "lost property", "ka": "ნაპოვნი"},
    status={"ru": "Ищу…", "en": "Searching…", "ka": "ვეძებ…"},
    agent="agent:lost_property",
)
"""
INTENTS = """
words:
  lost: {stems: "забыл находк lost"}
intents:
  - id: lost
    tool: list_cars
    rank: 5
    when: [{any_of: [lost]}]
    help: 0
    examples: {ru: ["Что забыли клиенты?"], en: ["What was lost?"], ka: ["რა დაკარგეს?"]}
"""


class Cars:
    """A fleet of these cars, as the examples ask for it."""

    def __init__(self, *handles: str) -> None:
        self._cars = [type("Car", (), {"handle": handle}) for handle in handles]

    async def cars(self, **_: object) -> list[Any]:
        return list(self._cars)


class Bookings:
    """Pick-ups with these numbers, as the examples ask for them."""

    def __init__(self, *numbers: int | None) -> None:
        self._rows = [
            type("Booking", (), {"number": number, "client_last": "Рудин"}) for number in numbers
        ]

    async def pickups(self, *_: object) -> list[Any]:
        return list(self._rows)


def actor(post: Post) -> Actor:
    return Actor(
        employee_id=uuid4(),
        name="Ana",
        role=post,
        branches=frozenset({"tbilisi"}),
        home_branch="tbilisi",
        language="ru",
    )


async def shown(
    post: Post, place: Place = "help", cars: Cars | None = None, bookings: Bookings | None = None
) -> list[str]:
    """The examples in Russian."""
    found = await examples_for(
        actor(post),
        datetime.now(UTC),
        place,
        Services(
            {
                FleetService: cars or Cars("Rio 111"),
                BookingService: bookings or Bookings(None, 7001, 7002),
            }
        ),
    )
    return [example["ru"] for example in found]


async def router_sees() -> tuple[str, Mapping[str, Any]]:
    """What a model is told, and the schema of its output."""
    seen: list[AgentInfo] = []

    def answer(_: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        seen.append(info)
        return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, {})])

    run = SimpleNamespace(earlier="", grant=None)
    deps = SimpleNamespace(prompts=PromptBook(), actor=actor(Post.EMPLOYEE), now=NOW, run=run)
    await router_of(delegates()).run("x", deps=cast(Any, deps), model=FunctionModel(answer))
    return str(seen[0].instructions), seen[0].output_tools[0].parameters_json_schema


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A role in a folder of its own."""
    folder = tmp_path / LOST
    folder.mkdir()
    (folder / "__init__.py").write_text(MANIFEST, encoding="utf-8")
    (folder / "intents.yaml").write_text(INTENTS, encoding="utf-8")
    # where discovery looks: a folder that is found by lying there, without one in the repository
    monkeypatch.setattr(agents, "__path__", [*agents.__path__, str(tmp_path)])
    yield
    sys.modules.pop(f"agents.{LOST}", None)
    if hasattr(agents, LOST):
        delattr(agents, LOST)


@pytest.mark.usefixtures("lost")
async def test_a_new_folder_is_a_role_and_no_file_is_edited() -> None:
    assert LOST in delegates()
    instructions, schema = await router_sees()
    assert f"`{LOST}` (what was found in a car)" in instructions
    assert LOST in schema["$defs"]["Delegation"]["properties"]["role"]["enum"]
    assert role_of(read("что забыли клиенты", NOW)) == LOST
    assert (await shown(Post.MECHANIC))[0] == "Что забыли клиенты?"
    examples = [{"ru": label} for label in await shown(Post.MECHANIC)]
    reader = Reader(actor=actor(Post.MECHANIC), now=NOW, language="ru", branches={})
    page = help_page(HelpFact(examples=examples), reader)
    assert page.buttons[0][0].payload == Ask(request="Что забыли клиенты?")


def test_the_role_goes_with_its_folder() -> None:
    assert LOST not in roles()
    assert role_of(read("что забыли клиенты", NOW)) == "clients"


def test_the_recorded_hash_covers_what_code_wrote_into_the_prompt() -> None:
    book, all_of_them = PromptBook(), dict(delegates())
    whole = prompt_of(all_of_them, book)
    assert "{" not in whole.text
    all_of_them.popitem()
    assert prompt_of(all_of_them, book).hash != whole.hash
    with pytest.raises(KeyError):
        book.prompt("fleet").filled(roles="x")


def test_a_delegation_to_an_unknown_role_is_no_route() -> None:
    route = route_of(delegates())
    rows = [{"role": name, "request": "x"} for name in ("fleet", "bookings", "guide")]
    assert len(route.model_validate({"delegations": rows}).delegations) == len(rows)
    for wrong in ([{"role": "router", "request": "x"}], [*rows, *rows]):
        with pytest.raises(ValidationError):
            route.model_validate({"delegations": wrong})


def test_every_folder_of_agents_has_a_manifest_and_its_import_is_light() -> None:
    folders = [m.name for m in pkgutil.iter_modules(agents.__path__) if m.ispkg]
    assert folders == list(roles())
    lines = [f"import agents.{name}" for name in folders]
    lines.append("import sys; assert 'pydantic_ai' not in sys.modules")
    subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=ROOT, check=True)


def test_a_role_without_a_word_in_some_language_is_none() -> None:
    word = {"ru": "а", "en": "a", "ka": "ა"}
    with pytest.raises(ValueError, match="ka"):
        Role(name="x", summary="x", agent="agent:x", title=word, status={"ru": "а", "en": "a"})


def test_intents_name_tools_and_signs_that_there_are() -> None:
    known = grammar().known()
    for name, role in roles().items():
        ids = [intent.id for intent in role.intents.intents]
        assert len(set(ids)) == len(ids), name
        for intent in role.intents.intents:
            for condition in intent.when:
                named = condition.any_of | condition.all_of | condition.none_of
                assert named <= known, (name, intent.id, named - known)
            if name in delegates():
                assert intent.tool is not None
                assert intent.tool in matrix(), (name, intent.id)
                assert intent.changes == (policy_of(intent.tool).effect == "write"), intent.id
                fillable(intent)
        asked = (ROOT / "agents" / name / "offline.py").read_text(encoding="utf-8")
        for call in re.findall(r"\.has\(([^)]*)\)", asked):
            assert set(re.findall(r'"(\w+)"', call)) <= known, (name, call)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(delegates()))
def test_the_offline_model_takes_every_example_to_its_role_intent_and_tool(
    name: str, language: Language
) -> None:
    role = roles()[name]
    for intent in role.intents.intents:
        for pattern in intent.examples[language]:
            example = pattern.format(**THINGS, client=CLIENTS[language])
            said = read(example, NOW)
            turn = Turn(
                said=said,
                before=(),
                last_calls=(),
                last_output=None,
                results=(),
                tools=frozenset(matrix()),
            )
            assert language_said(example, language) == language, example
            found = asked(said)
            assert found is not None, example
            assert (found.role, found.intent.id) == (name, intent.id), example
            route = route_rules(turn)
            assert isinstance(route, Finish)
            assert [row["role"] for row in route.output["delegations"]] == [name], example
            decided = role.load(role.offline)(turn)
            if intent.id == "create":  # a new booking needs more than the grammar reads: it asks
                assert isinstance(decided, Finish)
            else:
                assert decided[0].tool == intent.tool, example


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("დანიშნე ეკა აბულაძე მექანიკოსად", {"employee": "ეკა აბულაძე", "role": "mechanic"}),
        ("დაამატე ახალი ფილიალი გორი", {"name": "გორი"}),
        ("აიყვანე გიგა მაისურაძე, თანამშრომელი", {"name": "გიგა მაისურაძე", "role": "employee"}),
        (
            "გამოიწერე ხელმძღვანელების ჩატი დაბრუნებებზე",
            {"chat": "leaders", "news": "booking_returned", "mode": "instant"},
        ),
    ],
)
def test_georgian_orders_are_read_whole(text: str, arguments: Mapping[str, str]) -> None:
    turn = Turn(
        said=read(text, NOW),
        before=(),
        last_calls=(),
        last_output=None,
        results=(),
        tools=frozenset(matrix()),
    )
    (call,) = roles()["workspace"].load("offline:rules")(turn)
    assert call.args == arguments


async def test_people_are_shown_what_they_may_ask() -> None:
    assert await shown(Post.BRANCH_HEAD) == [
        "Где Rio 111?",
        "Что свободно на выходные?",
        "Что у меня сегодня?",
        "Какие чек-листы не закрыты?",
        "Кто должен?",
        "Кто менял бронь 7001?",
        "Что в ремонте?",
        "Правила по топливу",
    ]
    assert await shown(Post.PROMPT_ENGINEER) == [
        "Где Rio 111?",
        "Что свободно на выходные?",
        "Что в ремонте?",
        "Правила по топливу",
    ]
    assert await shown(Post.EMPLOYEE, "welcome") == [
        "Что у меня сегодня?",
        "Что свободно на выходные?",
        "Где Rio 111?",
    ]


async def test_an_example_with_nothing_to_name_is_left_out() -> None:
    labels = await shown(Post.BRANCH_HEAD, cars=Cars(), bookings=Bookings(None))
    assert labels[0] == "Что свободно на выходные?"
    assert not [label for label in labels if "{" in label or "бронь" in label]


@pytest.mark.usefixtures("lost")
async def test_a_client_is_named_in_an_example_and_an_unknown_placeholder_is_refused(
    tmp_path: Path,
) -> None:
    page = tmp_path / LOST / "intents.yaml"
    whole = page.read_text(encoding="utf-8")
    for placeholder in ("client", "colour"):
        roles()[LOST].__dict__.pop("intents", None)
        page.write_text(whole.replace("клиенты", f"{{{placeholder}}}"), encoding="utf-8")
        if placeholder == "client":
            assert (await shown(Post.MECHANIC))[0] == "Что забыли Рудин?"
        else:
            with pytest.raises(ValueError, match=r"intent lost leaves \['colour'\] open"):
                await shown(Post.MECHANIC)
    with pytest.raises(ValidationError, match="broken placeholder"):
        Intent.model_validate({"id": "x", "examples": {"ru": ["{client name}"]}})


def test_examples_name_nothing_of_one_world() -> None:
    for role in roles().values():
        for intent in role.intents.intents:
            if intent.help is not None or intent.welcome is not None:
                texts = [e for found in intent.examples.values() for e in found]
                assert not [e for e in texts if re.search(r"\d", e)], intent.id


def test_two_roles_do_not_know_one_sign() -> None:
    one = Intents.model_validate({"words": {"lost": {"stems": "lost"}}})
    with pytest.raises(ValueError, match="lost"):
        Grammar({"a": one, "b": one})
    with pytest.raises(ValueError, match="car"):
        Grammar({"a": Intents.model_validate({"words": {"car": {"stems": "car"}}})})


def test_an_intent_with_a_tool_has_examples_in_every_language() -> None:
    with pytest.raises(ValidationError):
        Intent.model_validate({"id": "x", "tool": "list_cars", "examples": {"ru": ["а"]}})


def test_the_language_knows_no_word_of_a_role() -> None:
    """Words of three letters and Latin ones, by which languages are told apart, are left aside."""
    said = {
        str(node.value).casefold()
        for path in Path(jarvis.language.__path__[0]).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    words = {word for text in said for word in re.findall(r"[а-яёა-ჰ]+", text)}
    for name in roles():
        page = ROOT / "agents" / name / "intents.yaml"
        if not page.exists():
            continue
        data = yaml.safe_load(page.read_text(encoding="utf-8"))
        stems = " ".join(
            [*(sign["stems"] for sign in data.get("words", {}).values()), data.get("cars", "")]
        )
        own = {w for w in stems.casefold().split() if re.fullmatch(r"[а-яёა-ჰ]{4,}", w)}
        assert not {(stem, w) for stem in own for w in words if w.startswith(stem)}, name
        latin = "|".join(data.get("latin", {}).values())
        # a sentence of English is a docstring or an error
        named = {w for text in said if ". " not in text for w in re.findall(r"[a-z]{3,}", text)}
        assert not latin or not {w for w in named if re.fullmatch(latin, w)}, name
