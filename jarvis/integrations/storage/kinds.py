"""Kinds of effects that storage carries."""

from __future__ import annotations

from jarvis.engine.effects import EffectKind

CHECKPOINT = EffectKind(name="storage.seal", system="storage", effect_class="A")  # made twice, there are two of them
FILE = EffectKind(name="storage.file", system="storage", effect_class="A")  # copies under keys of an operation
EXPORT = EffectKind(name="storage.export", system="storage", effect_class="A")  # a report as a file, under a key of its own
KINDS = (CHECKPOINT, FILE, EXPORT)
