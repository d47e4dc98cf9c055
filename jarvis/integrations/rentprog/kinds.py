"""Kinds of effects that RentProg carries: over MCP under our key, over the public API by reading
back.

`args`: `tool` and `arguments` of the write, `key` (RentProg's idempotency key), `token` of its
preview when there was one, `company` (the branch's company id), and `before`, the changes that the
preview named.
"""

from __future__ import annotations

from jarvis.engine.effects import EffectKind

UNDO_S = 600


def _kind(name: str, *, public: bool = False, undo: bool = True) -> EffectKind:
    return EffectKind(
        name=f"rentprog.{'public_' if public else ''}{name}",
        system="rentprog",
        effect_class="B" if public else "A",
        undo_s=UNDO_S if undo else None,
    )


(
    EXTEND_BOOKING,
    CHANGE_BOOKING,
    NOTE_BOOKING,
    CANCEL_BOOKING,
    CREATE_BOOKING,
    MOVE_CAR,
    SET_CAR_STATE,
) = (
    _kind(name)
    for name in (
        "extend_booking",
        "change_booking",
        "note_booking",
        "cancel_booking",
        "create_booking",
        "move_car",
        "set_car_state",
    )
)
# The public API has one write for every change of a booking, and no way to write to a car.
PUBLIC_UPDATE_BOOKING = _kind("update_booking", public=True)
PUBLIC_CREATE_BOOKING = _kind("create_booking", public=True, undo=False)
KINDS = (
    EXTEND_BOOKING,
    CHANGE_BOOKING,
    NOTE_BOOKING,
    CANCEL_BOOKING,
    CREATE_BOOKING,
    MOVE_CAR,
    SET_CAR_STATE,
    PUBLIC_UPDATE_BOOKING,
    PUBLIC_CREATE_BOOKING,
)
