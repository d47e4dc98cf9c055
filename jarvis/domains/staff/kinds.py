"""Kinds of effects on staff and branches, carried out in our own database: each sets a state, so
that a repetition changes nothing more."""

from __future__ import annotations

from jarvis.app.write import OWN_SYSTEM
from jarvis.engine.effects import EffectKind

UNDO_S = 600

GRANT_ROLE = EffectKind(name="staff.grant_role", system=OWN_SYSTEM, effect_class="A", undo_s=UNDO_S)
HIRE = EffectKind(name="staff.hire", system=OWN_SYSTEM, effect_class="A")
ADD_BRANCH = EffectKind(name="staff.add_branch", system=OWN_SYSTEM, effect_class="A")
KINDS = (GRANT_ROLE, HIRE, ADD_BRANCH)
