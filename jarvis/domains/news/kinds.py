"""Kinds of effects on subscriptions, carried out in our own database: each sets a state, so that a
repetition changes nothing more."""

from __future__ import annotations

from jarvis.app.write import OWN_SYSTEM
from jarvis.engine.effects import EffectKind

SUBSCRIBE = EffectKind(name="news.subscribe", system=OWN_SYSTEM, effect_class="A", undo_s=600)
