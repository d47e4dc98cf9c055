"""Kinds of effects inside our own database: each sets how things are to be, so that a repetition
changes nothing more."""

from __future__ import annotations

from jarvis.engine.effects import EffectKind

UNDO_S = 600
SYSTEM = "house"

GRANT_ROLE = EffectKind(name="house.grant_role", system=SYSTEM, effect_class="A", undo_s=UNDO_S)
HIRE = EffectKind(name="house.hire", system=SYSTEM, effect_class="A")
ADD_BRANCH = EffectKind(name="house.add_branch", system=SYSTEM, effect_class="A")
SUBSCRIBE = EffectKind(name="house.subscribe", system=SYSTEM, effect_class="A", undo_s=UNDO_S)
KINDS = (GRANT_ROLE, HIRE, ADD_BRANCH, SUBSCRIBE)
