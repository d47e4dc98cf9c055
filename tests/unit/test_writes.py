"""The registry of writes: one owner a kind, found in the manifests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from jarvis.app.build import EffectKinds
from jarvis.app.discovery import features
from jarvis.app.write import OWN_SYSTEM, Write, Writes
from jarvis.engine.effects import Effect, EffectHandler, EffectKind, Receipt
from jarvis.engine.planned import PlannedWrite, Subject
from jarvis.integrations.rentprog.kinds import KINDS as RENTPROG
from jarvis.kit.errors import NotFound

FAR = EffectKind(name="far.do", system="far", effect_class="A")
OURS = EffectKind(name="near.do", system=OWN_SYSTEM, effect_class="A")


async def _carried(effect: Effect) -> Receipt:
    return Receipt(facts={})


class _Far(Write):
    kinds = (FAR,)


class _Ours(Write):
    kinds = (OURS,)

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {OURS.name: _carried}


class _Forgetful(Write):
    kinds = (OURS,)


def _planned(kind: str) -> PlannedWrite:
    return PlannedWrite(
        kind=kind,
        target="t",
        args={},
        title="do",
        subject=Subject(kind="thing", id=uuid4()),
        shown={},
        changes=(),
        source="Far",
        as_of=datetime.now(UTC),
        branch=None,
    )


def test_a_write_is_found_by_the_kind_of_its_effect() -> None:
    far, ours = _Far(), _Ours()
    writes = Writes([far, ours])
    assert writes.of(_planned("far.do")) is far
    assert writes.presenter(_planned("near.do")) is ours.presenter
    assert writes.handlers == {OURS.name: _carried}
    with pytest.raises(NotFound, match=r"far\.undo"):
        writes.kind("far.undo")


def test_a_kind_has_one_owner_who_carries_out_what_is_ours() -> None:
    with pytest.raises(ValueError, match=r"far\.do has two owners"):
        Writes([_Far(), _Far()])
    with pytest.raises(ValueError, match="_Forgetful carries out other kinds"):
        Writes([_Forgetful()])


def test_a_switch_that_means_no_effect_is_named() -> None:
    kinds = EffectKinds((FAR, OURS))
    names = ("*", "far.*", "near.do", "near.do@batumi", "far.*@batumi")
    assert kinds.unknown((*names, "house.*", "far.gone@batumi")) == ["far.gone@batumi", "house.*"]


def test_the_manifests_name_every_write() -> None:
    found = [c for f in features() for c in f.objects(f.manifest.writes)]
    classes = [c for c in found if isinstance(c, type) and issubclass(c, Write)]
    assert len(classes) == len(found)
    kinds = [kind.name for c in classes for kind in c.kinds]
    assert sorted(kinds) == sorted(
        [
            *(kind.name for kind in RENTPROG),
            "news.subscribe",
            "staff.add_branch",
            "staff.grant_role",
            "staff.hire",
            "telegram.send",
        ]
    )
