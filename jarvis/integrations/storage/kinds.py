"""Kinds of effects that storage carries."""

from __future__ import annotations

from jarvis.engine.effects import EffectKind

# a repeat makes a second one
CHECKPOINT = EffectKind(name="storage.seal", system="storage", effect_class="A")
# copies under keys of an operation
FILE = EffectKind(name="storage.file", system="storage", effect_class="A")
# a report as a file, under a key of its own
EXPORT = EffectKind(name="storage.export", system="storage", effect_class="A")
KINDS = (CHECKPOINT, FILE, EXPORT)
