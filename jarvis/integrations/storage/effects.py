"""Executes effects of the storage: checkpoints of the audit, copies of files, reports as files."""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import logfire

from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.audit_proof import take_checkpoint
from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, EffectHandler, Receipt
from jarvis.engine.settings import EngineSettings
from jarvis.integrations.storage.kinds import CHECKPOINT, EXPORT, FILE
from jarvis.integrations.storage.port import Storage
from jarvis.kit.errors import Rejected
from jarvis.kit.pdf import print_pdf


class StorageEffects:
    """Handlers of storage's effects. `key` signs; it is not in the database."""

    def __init__(self, db: Database, storage: Storage, settings: EngineSettings) -> None:
        self._db = db
        self._storage = storage
        self._checkpoints = Checkpoints(storage, settings.secret.get_secret_value())

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {CHECKPOINT.name: self.checkpoint, FILE.name: self.file, EXPORT.name: self.export}

    async def checkpoint(self, effect: Effect) -> Receipt:
        """Sign the present heads. What was signed before must be unchanged, else nothing is signed
        and the effect fails."""
        try:
            made = await take_checkpoint(self._db, self._checkpoints)
        except Rejected as error:
            logfire.error("audit.broken", flaw=str(error))
            raise
        return Receipt(facts={"number": made.number, "chains": len(made.heads), "rows": made.rows})

    async def file(self, effect: Effect) -> Receipt:
        """Copy files under the keys of their operation; each copy is read back before it counts."""
        digests = {
            str(i["to"]): await self._storage.copy(str(i["from"]), str(i["to"]))
            for i in effect.args["items"]
        }
        return Receipt(facts={"sha256": digests})

    async def export(self, effect: Effect) -> Receipt:
        """Make a report's file, with its pictures, and store it: `page` is printed, `data` gets the
        pictures' bytes in base64."""
        args = effect.args
        with tempfile.TemporaryDirectory(prefix="jarvis-export-") as name:
            folder = Path(name)
            for picture in args["pictures"]:
                await self._storage.get_file(str(picture["key"]), folder / str(picture["name"]))
            made = folder / "made"
            if args["format"] == "pdf":
                await asyncio.to_thread(
                    (folder / "page.html").write_text, str(args["page"]), encoding="utf-8"
                )
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
