"""One trace per event across processes: the trace id in the row is OpenTelemetry's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import logfire


@contextmanager
def traced(name: str, trace_id: str, **attributes: Any) -> Generator[None]:
    """A span inside the trace of an event.

    Args:
        name: `component.verb`.
        trace_id: 32 hexadecimal digits, as event and effect rows keep it.
        attributes: Ids and kinds only; never names, phones or texts.
    """
    with (
        logfire.attach_context({"traceparent": f"00-{trace_id}-{trace_id[:16]}-01"}),
        logfire.span(name, **attributes),
    ):
        yield
