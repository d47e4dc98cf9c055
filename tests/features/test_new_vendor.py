"""A vendor's folder with a SANDBOX is all that the demo and the harness need of a new vendor."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

import jarvis.integrations
from jarvis.engine.db import Database
from jarvis.entrypoints.sandboxes import load_world, sandboxes
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.world import World, joined
from jarvis.testing.sandboxes import running_sandbox
from tests.scenes.stage import stage_over

BEACON = """
from contextlib import asynccontextmanager
from litestar import Litestar, get
from pydantic import Field
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.sandbox import Faults, Ledger, served
from jarvis.kit.sandbox_manifest import Change, ChangeField, Fault, Sandbox, Table, Title
from jarvis.kit.world import World, WorldRow


class WorldTracker(WorldRow):
    plate: str
    seen: str = "now"


class BeaconWorld(World):
    trackers: list[WorldTracker] = Field(default_factory=list[WorldTracker])


FAULTS = (Fault(kind="silent", title=Title("Молчит", "Silent", "დუმს")),)


class Beacon:
    def __init__(self, around):
        self.faults, self.ledger = Faults(f.kind for f in FAULTS), Ledger(around.ledger)
        self.port, self.seen = 0, {}

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self, port=0):
        @get("/state")
        async def state() -> dict[str, str]:
            return self.seen

        async with served(Litestar([state], openapi_config=None), port=port) as self.port:
            yield self

    def settings(self):
        return {"JARVIS_BEACON_BASE_URL": self.base_url}

    def load(self, world, now):
        self.seen = {t.plate: t.seen for t in world.part(BeaconWorld).trackers}
        self.ledger.clear()

    def changes(self):
        plates = {plate: plate for plate in self.seen}
        car = ChangeField(name="car", title=Title("Авто", "Car", "მანქანა"), choices=plates)
        lost = Title("Трекер пропал", "A tracker was lost", "ტრეკერი დაიკარგა")
        return [Change(name="lose_tracker", title=lost, fields=[car])]

    async def change(self, name, args):
        if name != "lose_tracker" or args.get("car") not in self.seen:
            raise InvalidRequest(f"Beacon has no {name} of {args.get('car')}")
        self.seen[args["car"]] = "never"
        self.ledger.add("alarm", text=f"lost {args['car']}")
        return {"change": name}

    def start_fault(self, kind, args):
        self.faults.start(kind, args)

    def records(self):
        columns = [Title("Авто", "Car", "მანქანა"), Title("Виден", "Seen", "ჩანს")]
        title = Title("Трекеры", "Trackers", "ტრეკერები")
        return [Table(name="trackers", title=title, columns=columns, rows=list(self.seen.items()))]

    def busy(self):
        return False

    def remember(self, keep, *, resume):
        return 0

    def save(self):
        pass


SANDBOX = Sandbox(
    name="beacon", title="Beacon", build=Beacon, world=BeaconWorld, faults=FAULTS,
    ledger={"alarm": Title("Тревога", "Alarm", "განგაში")},
)
"""
WORLD = """
name: Small company
branches: [{code: tbilisi, ru: Тбилиси, en: Tbilisi, ka: თბილისი, company_id: 101}]
staff: [{name: Нино Пример, role: branch_head, branch: tbilisi, telegram_id: 7000001}]
trackers: [{plate: PR417KX, seen: '14:02'}]
"""


@pytest.fixture
def beacon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A vendor's folder that lies beside the others, and the file of a world with it."""
    folder = tmp_path / "vendors" / "beacon" / "sandbox"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "__init__.py").write_text(BEACON, encoding="utf-8")
    (tmp_path / "world.yaml").write_text(WORLD, encoding="utf-8")
    # where discovery looks: a folder that is found by lying there, without one in the repository
    monkeypatch.setattr(
        jarvis.integrations, "__path__", [*jarvis.integrations.__path__, str(tmp_path / "vendors")]
    )
    importlib.invalidate_caches()
    yield tmp_path / "world.yaml"
    for name in [name for name in sys.modules if name.startswith("jarvis.integrations.beacon")]:
        del sys.modules[name]
    del jarvis.integrations.beacon  # pyright: ignore[reportAttributeAccessIssue]  # set by its import


async def test_it_is_driven_and_seen_like_the_others(
    beacon: Path, db: Database, tmp_path: Path
) -> None:
    async with stage_over(db, tmp_path, load_world(beacon)) as (stage, http):
        status = (await http.get("/sandbox/status")).json()
        assert {"beacon", "rentprog", "telegram"} <= set(status["vendors"])
        changes = (await http.get("/sandbox/beacon/changes")).json()
        assert [(c["name"], c["title"]) for c in changes] == [("lose_tracker", "Трекер пропал")]
        assert changes[0]["fields"][0]["choices"] == {"PR417KX": "PR417KX"}

        done = await http.post("/sandbox/beacon/lose_tracker", json={"car": "PR417KX"})
        assert done.json() == {"change": "lose_tracker"}
        wrong = await http.post("/sandbox/beacon/lose_tracker", json={"car": "X"})
        assert (wrong.status_code, list(wrong.json())) == (422, ["error"])
        (entry,) = (await http.get("/sandbox/beacon/ledger")).json()
        assert (entry["kind"], entry["text"]) == ("alarm", "lost PR417KX")

        begun = await http.post("/sandbox/beacon/fault", json={"kind": "silent"})
        assert begun.json() == {"on": ["silent"]}
        assert (await http.post("/sandbox/beacon/fault", json={"kind": "down"})).status_code == 422
        assert stage.vendors["beacon"].faults.on("silent")

        desk = [
            await _pane(http, pane, language)
            for pane, language in (("world", "ka"), ("records", "en"), ("ledger", "ru"))
        ]
        assert all("Beacon" in page and "RentProg" in page for page in desk)
        assert "ტრეკერი დაიკარგა" in desk[0]
        assert "დუმს" in desk[0], "the fault that is on"
        assert all(cell in desk[1] for cell in ("Trackers", "<dd>PR417KX</dd>", "<dd>never</dd>"))
        assert all(word in desk[2] for word in ("Тревога", "lost PR417KX"))
        await http.delete("/sandbox/beacon/fault")
        assert 'value="silent"' in await _pane(http, "world", "ru"), "it can be chosen again"


async def _pane(http: httpx.AsyncClient, pane: str, language: str) -> str:
    answer = await http.get(
        "/as/7000001",
        params={"pane": pane, "vendor": "beacon"},
        headers={"cookie": f"lang={language}"},
    )
    assert answer.status_code == 200
    return answer.text


async def test_the_harness_starts_it_with_its_part_of_the_world(beacon: Path) -> None:
    async with (
        running_sandbox("beacon", load_world(beacon)) as sandbox,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        state = (await http.get(f"{sandbox.base_url}/state")).json()
        assert state == {"PR417KX": "14:02"}
        assert sandbox.settings() == {"JARVIS_BEACON_BASE_URL": sandbox.base_url}


def test_a_mistake_in_its_part_is_named_with_its_place(beacon: Path) -> None:
    beacon.write_text(WORLD.replace("plate", "plaque"), encoding="utf-8")
    with pytest.raises(InvalidRequest, match=r"world\.yaml: trackers\.0\.plate: Field required"):
        load_world(beacon)


def test_without_the_vendor_its_part_is_no_part_of_the_file(tmp_path: Path) -> None:
    world = tmp_path / "world.yaml"
    world.write_text(WORLD, encoding="utf-8")
    assert "beacon" not in sandboxes()
    with pytest.raises(InvalidRequest, match=r"world\.yaml: trackers: Extra inputs"):
        load_world(world)


def test_two_vendors_cannot_hold_the_same_key() -> None:
    class One(World):
        cars: list[int] = []  # noqa: RUF012  # pydantic copies defaults

    class Other(World):
        cars: list[str] = []  # noqa: RUF012  # the same

    with pytest.raises(ValueError, match="Other and One both hold 'cars'"):
        joined((One, Other))
