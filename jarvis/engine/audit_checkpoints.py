"""Checkpoints of the audit: the heads of all chains at one moment, numbered, signed and stored
outside the database.

In storage, below `audit/`: `database.json` names the database that the checkpoints belong to;
`<database>/latest.json` is the newest one; `<database>/<thousand>/<number>.json` is each of them,
written once. The audit itself holds an entry for each, so that restoring an older file in storage
is detected. All are signed with JARVIS_SECRET, which is not in the database.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

from jarvis.kit.canon import canonical
from jarvis.kit.errors import InvalidRequest, NotFound

BINDING = "audit/database.json"
UNNUMBERED = "audit/heads/latest.json"  # the location of checkpoints before they were numbered
EVERY_S = 600
_GAP = 1_000  # numbers read beyond the newest known, at most: more than a week of checkpoints
_BEGIN = "`jarvis audit begin` starts a new series of checkpoints, on record"


class Store(Protocol):
    """The storage operations that checkpoints need; `jarvis.integrations.storage` implements
    them."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None: ...
    async def get(self, key: str) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The heads of the chains that had rows: chain → (number of its last row, that row's hash in
    hexadecimal).

    `database` is the identity that the database had then; `number` counts from 1 within it. Both
    are empty (0) in one that was made before there were numbers.
    """

    database: str
    number: int
    at: datetime
    heads: Mapping[int, tuple[int, str]]

    @property
    def rows(self) -> int:
        """How many entries it covers."""
        return sum(n for n, _ in self.heads.values())

    def __str__(self) -> str:
        return f"checkpoint {self.number}" if self.number else "the checkpoint without a number"

    def signed(self, key: str) -> str:
        """As JSON text with its signature."""
        heads = [[shard, n, digest] for shard, (n, digest) in sorted(self.heads.items())]
        return _signed(
            {
                "database": self.database,
                "number": self.number,
                "at": self.at.isoformat(),
                "heads": heads,
            },
            key,
        )

    @classmethod
    def read(cls, text: str, key: str) -> Checkpoint:
        """A checkpoint from its text.

        Raises:
            InvalidRequest: it cannot be read, or is not signed with this key.
        """
        body = _read(text, key)
        try:
            return cls(
                database=str(body.get("database", "")),
                number=int(body.get("number", 0)),
                at=datetime.fromisoformat(body["at"]),
                heads={int(shard): (int(n), str(digest)) for shard, n, digest in body["heads"]},
            )
        except (ValueError, LookupError, TypeError, AttributeError):
            raise InvalidRequest("it cannot be read") from None


@dataclass(slots=True, kw_only=True)
class Found:
    """What storage holds for one database: its newest checkpoint that can be trusted, and what is
    wrong there."""

    checkpoint: Checkpoint | None = None
    flaws: list[str] = field(default_factory=list[str])


class Checkpoints:
    """The checkpoints in a storage, signed with `key`.

    Every method raises Unavailable when the storage does not answer.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store = store
        self.key = key

    async def find(self, database: str, recorded: int) -> Found:
        """The newest checkpoint of a database.

        Args:
            database: Its identity.
            recorded: The highest number that its audit has an entry of, read before this call; 0
                when there is none.
        """
        found = Found()
        if not self.key:
            found.flaws.append(
                "JARVIS_SECRET is not set: a signature with an empty key proves nothing"
            )
            return found
        bound = await self._text(BINDING)
        newest = await self._newest(database, recorded, found)
        if bound is not None:
            found.flaws += self._of_another(bound, database)
        elif newest is not None and newest.number > 1:
            found.flaws.append(
                f"{BINDING} is gone from storage, though there are checkpoints. {_BEGIN}"
            )
        elif newest is None and not recorded and not found.flaws:
            newest = await self._unnumbered(found)
        if recorded > (newest.number if newest else 0):
            what = f"the audit has an entry of checkpoint {recorded}, storage has "
            what += (
                f"no later one than {newest.number}: an older one was put back"
                if newest
                else "none: they were deleted"
            )
            found.flaws.append(f"{what}. {_BEGIN}")
        elif newest is None and bound is not None and not found.flaws:
            found.flaws.append(
                f"storage says that it has checkpoints of this database, and has none: they were "
                f"deleted. {_BEGIN}"
            )
        found.checkpoint = newest
        return found

    async def add(self, checkpoint: Checkpoint) -> None:
        """Store one under its number and as the newest; the first of a database also records which
        database they belong to."""
        text = checkpoint.signed(self.key).encode()
        for key in (
            _numbered(checkpoint.database, checkpoint.number),
            _latest(checkpoint.database),
        ):
            await self._store.put(key, text, content_type="application/json")
        if checkpoint.number == 1 and await self._text(BINDING) is None:
            await self.bind(checkpoint.database)

    async def bind(self, database: str) -> None:
        """Record that the checkpoints in this storage belong to this database."""
        body = {"database": database, "at": datetime.now(UTC).isoformat()}
        await self._store.put(
            BINDING, _signed(body, self.key).encode(), content_type="application/json"
        )

    async def free_number(self, database: str, after: int) -> int:
        """The first number above `after` that no checkpoint in storage has."""
        while await self._text(_numbered(database, after + 1)) is not None:
            after += 1
        return after + 1

    async def _newest(self, database: str, recorded: int, found: Found) -> Checkpoint | None:
        """`latest.json`, or a later one that storage has under its number; `latest.json` may lag by
        one when a write was interrupted."""
        latest = newest = await self._one(_latest(database), database, None, found)
        known = latest.number if latest else 0
        if latest is not None and known < recorded:
            found.flaws.append(
                f"{_latest(database)} is {latest}, the audit has an entry of checkpoint "
                f"{recorded}: an older one was put back"
            )
        if known < recorded:
            newest = (
                await self._one(_numbered(database, recorded), database, recorded, found) or latest
            )
        number = max(known, recorded)
        while number < known + _GAP and (
            later := await self._one(_numbered(database, number + 1), database, number + 1, found)
        ):
            newest, number = later, number + 1
        if latest is None and newest is not None and recorded and not found.flaws:
            found.flaws.append(
                f"{_latest(database)} is gone from storage, though {newest} is there. {_BEGIN}"
            )
        if latest is not None and number > max(known + 1, recorded):
            found.flaws.append(
                f"{_latest(database)} is {latest}, storage has checkpoint {number} too: an older "
                f"one was put back"
            )
        return newest

    async def _unnumbered(self, found: Found) -> Checkpoint | None:
        """The newest checkpoint from before they were numbered, as long as there is no later
        one."""
        text = await self._text(UNNUMBERED)
        if text is None:
            return None
        try:
            return Checkpoint.read(text, self.key)
        except InvalidRequest as error:
            found.flaws.append(f"{UNNUMBERED}: {error}. {_BEGIN}")
            return None

    async def _one(
        self, key: str, database: str, number: int | None, found: Found
    ) -> Checkpoint | None:
        text = await self._text(key)
        if text is None:
            return None
        try:
            read = Checkpoint.read(text, self.key)
        except InvalidRequest as error:
            found.flaws.append(f"{key}: {error}. {_BEGIN}")
            return None
        if read.database != database or number not in (None, read.number) or read.number < 1:
            found.flaws.append(
                f"{key} holds {read} of database {read.database or 'without a name'}: it was put "
                f"there from elsewhere"
            )
            return None
        return read

    def _of_another(self, text: str, database: str) -> list[str]:
        try:
            bound = str(_read(text, self.key).get("database"))
        except InvalidRequest as error:
            return [f"{BINDING}: {error}. {_BEGIN}"]
        if bound == database:
            return []
        return [
            f"storage has the checkpoints of database {bound}, this one says that it is "
            f"{database}. {_BEGIN}"
        ]

    async def _text(self, key: str) -> str | None:
        try:
            return (await self._store.get(key)).decode(errors="replace")
        except NotFound:
            return None


def erasure(entry: str, key: str) -> str:
    """The signature for the erasure of one entry's texts."""
    return hmac.new(f"audit-erase:{key}".encode(), entry.encode(), sha256).hexdigest()


def _latest(database: str) -> str:
    return f"audit/{database}/latest.json"


def _numbered(database: str, number: int) -> str:
    return f"audit/{database}/{number // 1000:06d}/{number:09d}.json"


def _signed(body: Mapping[str, Any], key: str) -> str:
    return canonical({**body, "mac": _mac(body, key)})


def _read(text: str, key: str) -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(text)
        mac = str(body.pop("mac"))
        wanted = _mac(body, key)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, InvalidRequest):
        raise InvalidRequest("it cannot be read") from None
    if not hmac.compare_digest(mac.encode(), wanted.encode()):
        raise InvalidRequest(
            "it is not signed with this key: it was edited, or JARVIS_SECRET is another one"
        )
    return body


def _mac(body: Mapping[str, Any], key: str) -> str:
    return hmac.new(f"audit-heads:{key}".encode(), canonical(body).encode(), sha256).hexdigest()
