"""Carries into the storage: the audit's signed heads, copies of files, reports as files."""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import logfire

from jarvis.engine.audit_proof import LATEST, Seal, broken_by, heads
from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, EffectHandler, Receipt
from jarvis.integrations.storage.kinds import EXPORT, FILE, SEAL
from jarvis.integrations.storage.port import Storage
from jarvis.kit.errors import NotFound, Rejected
from jarvis.kit.pdf import print_pdf


class StorageEffects:
    """Handlers of storage's effects. `key` signs; it is not in the database."""

    def __init__(self, db: Database, storage: Storage, key: str) -> None:
        self._db = db
        self._storage = storage
        self._key = key

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {SEAL.name: self.seal, FILE.name: self.file, EXPORT.name: self.export}

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

    async def export(self, effect: Effect) -> Receipt:
        """Make a report's file, with its pictures, and store it: `page` is printed, `data` gets the pictures' bytes in base64."""
        args = effect.args
        with tempfile.TemporaryDirectory(prefix="jarvis-export-") as name:
            folder = Path(name)
            for picture in args["pictures"]:
                await self._storage.get_file(str(picture["key"]), folder / str(picture["name"]))
            made = folder / "made"
            if args["format"] == "pdf":
                await asyncio.to_thread((folder / "page.html").write_text, str(args["page"]), encoding="utf-8")
                await print_pdf(folder / "page.html", made)
                mime = "application/pdf"
            else:
                await asyncio.to_thread(_write_data, args["data"], folder, made)
                mime = "application/json"
            digest = await self._storage.put_file(str(args["to"]), made, content_type=mime)
        return Receipt(facts={"key": args["to"], "mime": mime, "sha256": digest})


def _write_data(data: Mapping[str, Any], folder: Path, to: Path) -> None:
    for point in data["points"]:
        for photo in point["photos"]:
            photo["data"] = base64.b64encode((folder / photo["file"]).read_bytes()).decode()
    to.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
