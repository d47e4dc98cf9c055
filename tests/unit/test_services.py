"""Services by type."""

from __future__ import annotations

import pytest

from jarvis.app.services import services


class _Known:
    pass


class _Unknown:
    pass


def test_what_was_built_is_given_by_type_and_nothing_else() -> None:
    known = _Known()
    built = services(known)
    assert built.get(_Known) is known
    with pytest.raises(LookupError, match=r"_Unknown was built"):
        built.get(_Unknown)
