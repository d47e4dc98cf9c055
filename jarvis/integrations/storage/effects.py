"""Carries the audit's signed heads out of the database."""

from __future__ import annotations

from collections.abc import Mapping

import logfire

from jarvis.engine.audit_proof import LATEST, Seal, broken_by, heads
from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, EffectHandler, Receipt
from jarvis.integrations.storage.kinds import FILE, SEAL
from jarvis.integrations.storage.port import Storage
from jarvis.kit.errors import NotFound, Rejected


class StorageEffects:
    """Handlers of storage's effects. `key` signs; it is not in the database."""

    def __init__(self, db: Database, storage: Storage, key: str) -> None:
        self._db = db
        self._storage = storage
        self._key = key

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {SEAL.name: self.seal, FILE.name: self.file}

    async def seal(self, effect: Effect) -> Receipt:
        """Sign the present heads; first the earlier ones must still be there, else nothing is overwritten and we are told."""
        try:
            before = Seal.read((await self._storage.get(LATEST)).decode(), self._key)
        except NotFound:
            before = None
        if before is not None and (flaw := await broken_by(self._db, before)) is not None:
            logfire.error("audit.broken", flaw=str(flaw))
            raise Rejected("Audit", f"the chains no longer hold what was sealed {before.at:%d.%m %H:%M} UTC: {flaw}")
        now = await heads(self._db)
        text = now.signed(self._key).encode()
        for key in (f"audit/heads/{now.at:%Y%m%d}.json", LATEST):
            await self._storage.put(key, text, content_type="application/json")
        return Receipt(facts={"chains": len(now.heads), "rows": sum(n for n, _ in now.heads.values())})

    async def file(self, effect: Effect) -> Receipt:
        """Copy files under the keys of their operation; each copy is read back before it counts."""
        digests = {str(i["to"]): await self._storage.copy(str(i["from"]), str(i["to"])) for i in effect.args["items"]}
        return Receipt(facts={"sha256": digests})
