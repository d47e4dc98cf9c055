"""Surface B: what RentProg pushes. Unsigned, so each branch has its own unguessable path.

The handler only stores the raw body; everything else happens after the answer, from the journal.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from litestar import MediaType, Request, post
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.params import Dependency
from litestar.response.base import ASGIResponse
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_401_UNAUTHORIZED,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
)

from jarvis.engine.intake import Intake
from jarvis.engine.journal import Input, Journal
from jarvis.integrations.rentprog import assumptions, ruby
from jarvis.integrations.rentprog.models import MAX_ID
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.text import whole
from jarvis.kit.wire import read_json

MAX_BODY = 256 * 1024
_EVENT = re.compile(r"(car|client|booking)[._]?(create|update|destroy)")
# Built once: an empty answer took a fifth of the time of a delivery.
STORED, UNKNOWN, TOO_LARGE = (
    ASGIResponse(media_type=MediaType.TEXT, status_code=code)
    for code in (HTTP_200_OK, HTTP_401_UNAUTHORIZED, HTTP_413_REQUEST_ENTITY_TOO_LARGE)
)

Noun = Literal["car", "client", "booking"]
Verb = Literal["create", "update", "destroy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One delivery, read. `values` holds new values; `cleared` names fields that went from a value
    to none; `before` holds the old values of an update."""

    noun: Noun
    verb: Verb
    entity_id: int
    values: dict[str, Any]
    cleared: frozenset[str]
    before: dict[str, Any]
    from_api: bool
    company_id: int | None
    previous_company_id: int | None


class UnreadableHook(ValueError):
    """The body cannot be read; the message names the place."""


def branch_of_secret(settings: RentProgSettings, secret: str) -> str | None:
    """The branch whose path this is; compared in constant time."""
    found = None
    for branch, known in settings.webhook_secrets.items():
        if hmac.compare_digest(known.get_secret_value().encode(), secret.encode(errors="replace")):
            found = branch
    return found


@post("/hooks/rentprog/{secret:str}", status_code=HTTP_200_OK)
async def rentprog_hook(
    request: Request[Any, Any, State],
    secret: str,
    journal: Annotated[Journal, Dependency(skip_validation=True)],
    intake: Annotated[Intake, Dependency(skip_validation=True)],
    rentprog_settings: Annotated[RentProgSettings, Dependency(skip_validation=True)],
) -> ASGIResponse:
    """Commit the raw body, then answer 200 with nothing in it; a body over the limit is counted and
    answered 413."""
    branch = branch_of_secret(rentprog_settings, secret)
    if branch is None:
        await journal.refuse(source="rentprog", reason="unknown path")
        return UNKNOWN
    body = await _body(request)
    if body is None:
        await journal.refuse(source=f"rentprog:{branch}", reason="too large")
        return TOO_LARGE
    change = peek(body)
    await intake.submit(
        Input(
            source=f"rentprog:{branch}",
            kind=f"rentprog.{change.noun}.{change.verb}" if change else "rentprog.unreadable",
            body=body,
            ordering_key=f"rentprog:{change.noun}:{change.entity_id}"
            if change
            else f"rentprog:{branch}",
        )
    )
    return STORED


async def _body(request: Request[Any, Any, State]) -> bytes | None:
    """The whole body, None when it is over the limit: Litestar stops to read at its own, which is
    the same."""
    try:
        body = await request.body()
    except ClientException as error:
        if error.status_code != HTTP_413_REQUEST_ENTITY_TOO_LARGE:
            raise
        return None
    return body if len(body) <= MAX_BODY else None


def peek(body: bytes) -> Change | None:
    """Parse a delivery for its kind and ordering key; None when it cannot be read. Never raises:
    the journal stores any bytes."""
    try:
        return read(body)
    except UnreadableHook:
        return None


def read(body: bytes) -> Change:
    """Read a delivery in any of the three encodings that were seen.

    Raises:
        UnreadableHook: no JSON envelope, an unknown event, or a payload that no parser reads; no
            other error for any input.
    """
    try:
        return _read(body)
    except UnreadableHook:
        raise
    except Exception as error:  # a boundary: a bug in our parser must not lose the body
        raise UnreadableHook(f"no parser reads it ({type(error).__name__})") from None


def _read(body: bytes) -> Change:
    try:
        envelope = read_json(body)
    except ValueError:
        raise UnreadableHook("the envelope is no JSON") from None
    if not isinstance(envelope, dict):
        raise UnreadableHook("the envelope is no object")
    fields = cast(dict[str, Any], envelope)
    event = fields.get("event")
    name = event.strip().lower() if isinstance(event, str) else ""
    match = _EVENT.fullmatch(name)
    if match is None:
        raise UnreadableHook(f"unknown event {name[:40]!a}" if name else "no name of an event")
    payload = _payload(fields.get("payload"))
    verb = cast(Verb, match[2])
    entity_id = _integer(payload.get("id"))
    if entity_id is None:
        raise UnreadableHook("the payload has no id, or none that RentProg gives")
    values, before, cleared = (
        _split(payload) if verb == "update" else (payload, dict[str, Any](), frozenset[str]())
    )
    company = payload.get("company_id")
    pair = cast(list[Any], company) if isinstance(company, list) else []
    return Change(
        noun=cast(Noun, match[1]),
        verb=verb,
        entity_id=entity_id,
        values=values,
        cleared=cleared,
        before=before,
        from_api=values.get("updated_from_api") is True or values.get("created_from_api") is True,
        company_id=_integer(values.get("company_id")),
        previous_company_id=_integer(pair[0]) if len(pair) == 2 else None,
    )


def _payload(payload: object) -> dict[str, Any]:
    if isinstance(payload, str):
        try:
            payload = read_json(payload)
        except ValueError:
            try:
                payload = ruby.parse(payload)
            except (ruby.RubyError, RecursionError) as error:
                raise UnreadableHook(f"the payload is neither JSON nor Ruby: {error}") from None
    if not isinstance(payload, dict):
        raise UnreadableHook("the payload is no object")
    return cast(dict[str, Any], payload)


def _split(payload: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], frozenset[str]]:
    """New values, old values and cleared fields of an update: an array of exactly two is [old,
    new]."""
    values: dict[str, Any] = {}
    before: dict[str, Any] = {}
    cleared: set[str] = set()
    for field, value in payload.items():
        pair = (
            cast(list[Any], value)
            if isinstance(value, list) and field not in assumptions.ARRAY_FIELDS
            else None
        )
        if pair is None or len(pair) != 2:
            values[field] = value
            continue
        before[field] = pair[0]
        if pair[1] is None:
            if pair[0] is not None:
                cleared.add(field)
        else:
            values[field] = pair[1]
    return values, before, frozenset(cleared)


def _integer(value: object) -> int | None:
    """A number that may be an id; None for anything else."""
    if isinstance(value, str):
        value = whole(value, 19)
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ID
        else None
    )
