"""Buttons and commands find their one owner; what no longer parses finds none."""

from __future__ import annotations

from typing import ClassVar

import pytest

from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.text import MESSAGE_CHARS
from jarvis.messaging.callbacks import Callbacks, Commands, Payload, callback, command
from jarvis.messaging.outbox import stored_form
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button
from tests.scenes.payloads import largest, owner_classes, owners, payloads


class _Pick(Payload):
    kind: ClassVar[str] = "test.pick"

    number: int


class _Pair(_Pick):
    """Of the kind that another type has."""


class _Owner:
    @callback(_Pick)
    async def pick(self, handling: Handling, actor: Actor, payload: _Pick) -> None: ...

    @command("pick", "choose")
    async def said(self, handling: Handling, actor: Actor, said: str) -> None: ...


class _SameKind:
    @callback(_Pair)
    async def pair(self, handling: Handling, actor: Actor, payload: _Pair) -> None: ...


class _SameName:
    @command("choose")
    async def choose(self, handling: Handling, actor: Actor, said: str) -> None: ...


def test_two_owners_of_one_kind_or_name_stop_the_start() -> None:
    callbacks, commands = Callbacks(), Commands()
    with pytest.raises(ValueError, match=r"test\.pick"):
        callbacks.gather(_Owner(), _SameKind())
    with pytest.raises(ValueError, match="/choose"):
        commands.gather(_Owner(), _SameName())


def test_what_no_longer_parses_is_read_as_nothing() -> None:
    callbacks = Callbacks()
    callbacks.gather(_Owner())
    assert callbacks.read("test.pick", '{"number": 7}') == _Pick(number=7)
    for stored in (
        "",
        "7",
        "pick|7",
        "{}",
        '{"number": "x"}',
        '{"number": 7, "more": 1}',
        "\ud800",
    ):
        assert callbacks.read("test.pick", stored) is None, stored
    assert callbacks.read("test.gone", '{"number": 7}') is None
    assert callbacks.read("", "") is None


ID, OTHER = "7b0d4c9e-3f5a-4e0b-9a53-2f1f6f1f4c01", "7b0d4c9e-3f5a-4e0b-9a53-2f1f6f1f4c02"
FORMER: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("ask", "где малибу 235?", "ask", {"request": "где малибу 235?"}),
    ("report", "report", "report", {}),
    (
        "page",
        '{"head":"h","rows":["a"],"tail":"t"}',
        "page",
        {"head": "h", "rows": ("a",), "tail": "t"},
    ),
    (
        "file",
        f"{ID}|issue|{OTHER}|",
        "media.file",
        {"set_id": ID, "operation": "issue", "car_id": OTHER, "booking_id": None},
    ),
    ("car", ID, "media.car", {"car_id": ID}),
    ("set", ID, "media.set", {"set_id": ID}),
    ("setup", "-1001|hq|", "chat.register", {"chat_id": -1001, "purpose": "hq", "key": None}),
    (
        "setup",
        "-1001|branch_forum|batumi",
        "chat.register",
        {"chat_id": -1001, "purpose": "branch_forum", "key": "batumi"},
    ),
    ("setup", "-1001||", "chat.unused", {"chat_id": -1001}),
    (
        "member",
        "-1001|7|Имя | Ф",
        "chat.remove_stranger",
        {"chat_id": -1001, "user": 7, "name": "Имя | Ф"},
    ),
    ("form", f"new|daily|{ID}", "form.begin", {"template": "daily", "subject": ID}),
    ("form", "new|task|", "form.begin", {"template": "task", "subject": None}),
    (
        "form",
        f"new|issue|{ID}|{OTHER}",
        "form.begin",
        {"template": "issue", "subject": ID, "set_id": OTHER},
    ),
    ("form", f"open|{ID}", "form.open", {"form_id": ID}),
    ("form", f"main|{ID}", "form.show", {"form_id": ID}),
    ("form", f"pick|{ID}|fuel|75", "form.show", {"form_id": ID}),
    (
        "form",
        f"waived|{ID}|signed|no",
        "form.decide_waiver",
        {"form_id": ID, "point": "signed", "granted": False},
    ),
    ("report_of", f"pdf|{ID}", "report.export", {"format": "pdf", "form_id": ID}),
    ("report_of", f"rework|{ID}", "report.rework", {"form_id": ID}),
    ("report_of", f"reject|{ID}|body", "report.rework_point", {"form_id": ID, "point": "body"}),
    (
        "report_of",
        f"bad|{ID}|body|blur",
        "report.reject",
        {"form_id": ID, "point": "body", "reason": "blur"},
    ),
    ("task", f"done|{ID}|list", "task", {"task_id": ID, "done": True, "listed": True}),
    ("task", f"done|{ID}", "task", {"task_id": ID, "done": True}),
    ("task", f"open|{ID}", "task", {"task_id": ID, "done": False}),
    ("absence", ID, "absence", {"absence_id": ID}),
    ("subscribe", "-1001|car_moved|*|off", "news.chat", {"chat_id": -1001}),
    ("settings", "language:en", "settings.language", {"language": "en"}),
    ("settings", "digest:off", "settings.digest", {"hour": None}),
    ("settings", "digest:9", "settings.digest", {"hour": 9}),
    ("settings", "mute:no", "settings.mute", {"muted": False}),
    ("invite", f"yes:{ID}", "invite", {"invite_id": ID, "accept": True}),
    (
        "route",
        "beacon.moved|car.moved",
        "route",
        {"event_kind": "beacon.moved", "handled_as": "car.moved"},
    ),
    ("route", "beacon.moved|", "route", {"event_kind": "beacon.moved", "handled_as": None}),
    (
        "approve",
        f"no:{ID}:0123456789abcdef",
        "card.decide",
        {"approval_id": ID, "digest": "0123456789abcdef", "accept": False},
    ),
    ("undo", ID, "card.undo", {"item_id": ID}),
    ("unknown", f"not_done:{ID}", "card.resolve", {"effect_id": ID, "outcome": "not_done"}),
    ("unknown", f"again_send:{ID}", "card.resolve", {"effect_id": ID, "outcome": "again"}),
    ("open", ID, "card.open", {"approval_id": ID}),
)


@pytest.fixture(scope="module")
def every_owner() -> Callbacks:
    """The product's callbacks, by owners that are not built."""
    callbacks = Callbacks()
    callbacks.gather(*(object.__new__(owner) for owner in owner_classes()))
    return callbacks


@pytest.mark.parametrize(
    ("kind", "stored", "means", "fields"), FORMER, ids=[f"{k} {s}" for k, s, _, _ in FORMER]
)
def test_a_button_of_versions_before_means_what_it_meant_or_shows_its_form_anew(
    every_owner: Callbacks, kind: str, stored: str, means: str, fields: dict[str, object]
) -> None:
    read = every_owner.read(kind, stored)
    assert read is not None
    assert read.kind == means
    assert read == type(read).model_validate(fields)


def test_every_payload_of_the_product_has_exactly_one_owner_and_a_kind_of_its_own() -> None:
    kinds = payloads()
    assert len(kinds) > 30, "the walk sees the rooms"
    assert len({p.kind for p in kinds}) == len(kinds)
    owned = owners()
    for payload in kinds:
        mine = [owner for owned_type, owner in owned if owned_type is payload]
        assert len(mine) == 1, f"{payload.__name__}: {mine}"
    assert {p for p, _ in owned} == set(kinds)


@pytest.mark.parametrize("payload", payloads(), ids=lambda payload: payload.kind)
def test_every_payload_comes_back_as_it_was_stored(payload: type[Payload]) -> None:
    most = largest(payload)
    button = stored_form([[Button(label="x", payload=most)]])[0][0]
    assert button.kind == payload.kind
    assert payload.model_validate_json(button.choice) == most


def test_a_request_is_no_longer_than_a_message() -> None:
    assert len(Ask(request="ш" * (MESSAGE_CHARS + 1)).request) == MESSAGE_CHARS
