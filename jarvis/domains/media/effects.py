"""Effects that need Telegram and the storage: downloading a file, sending an album. Files pass
through a temporary folder."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, EffectHandler, Receipt
from jarvis.integrations.storage.decoder import Decoder, Inspected
from jarvis.integrations.storage.port import Storage, sha256_of
from jarvis.integrations.telegram.effects import TelegramEffects
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.kinds import ALBUM, DOWNLOAD
from jarvis.integrations.telegram.media import Outgoing, TelegramMedia, as_outgoing
from jarvis.kit.clock import Clock, local
from jarvis.kit.errors import NotFound
from jarvis.kit.ids import new_id


class MediaEffects:
    """Carries out both effects."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        storage: Storage,
        gateway: TelegramGateway,
        telegram: TelegramEffects,
        decoder: Decoder,
    ) -> None:
        self._db = db
        self._clock = clock
        self._storage = storage
        self._telegram = telegram
        self._media = TelegramMedia(gateway)
        self._decoder = decoder

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {DOWNLOAD.name: self.download, ALBUM.name: self.album}

    async def download(self, effect: Effect) -> Receipt:
        """Download a file, check its content, and store it once by its hash; the receipt names its
        row.

        Raises:
            Rejected: the file is not accepted; the message is the code of the reason.
        """
        args = effect.args
        with tempfile.TemporaryDirectory(prefix="jarvis-in-") as folder:
            path = Path(folder) / "file.bin"  # Telethon adds an ending to a name without one
            kind = await self._media.download(int(args["chat_id"]), int(args["message_id"]), path)
            size = await asyncio.to_thread(_size, path)
            if size == 0:
                raise NotFound("the file is empty")
            digest = await asyncio.to_thread(sha256_of, path)
            known = await self._db.fetchval("SELECT id FROM media WHERE sha256 = $1", digest)
            if known is not None:
                return Receipt(facts={"media_id": str(known), "known": True})
            seen = await self._decoder.inspect(path, kind, args.get("name"), Path(folder))
            media_id = await self._store(args.get("employee_id"), path, seen, digest, size)
        return Receipt(facts={"media_id": str(media_id), "known": False})

    async def _store(
        self, employee_id: str | None, path: Path, seen: Inspected, digest: str, size: int
    ) -> UUID:
        stem = f"inbox/{local(self._clock.now()):%Y%m%d}/{new_id().hex}"
        key, clean, thumb = f"{stem}.{seen.suffix}", f"{stem}.clean.jpg", f"{stem}.thumb.jpg"
        await self._storage.put_file(key, path, content_type=seen.mime)
        if seen.clean is not None and seen.thumb is not None:
            await self._storage.put_file(clean, seen.clean, content_type="image/jpeg")
            await self._storage.put_file(thumb, seen.thumb, content_type="image/jpeg")
        picture = seen.clean is not None
        row = (
            """INSERT INTO media (storage_key, sha256, size_bytes, content_type,
                sent_by_employee_id, width, height, exif,
                                  clean_key, thumb_key)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (sha256) DO NOTHING
                 RETURNING id""",
            key,
            digest,
            size,
            seen.mime,
            UUID(employee_id) if employee_id else None,
            seen.width,
            seen.height,
            seen.exif,
            clean if picture else None,
            thumb if picture else None,
        )
        made: UUID | None = await self._db.fetchval(*row)
        return made or await self._db.fetchval("SELECT id FROM media WHERE sha256 = $1", digest)

    async def album(self, effect: Effect) -> Receipt:
        """Send stored files; photos are sent without their metadata."""
        with tempfile.TemporaryDirectory(prefix="jarvis-out-") as folder:
            files: list[Outgoing] = []
            for number, item in enumerate(effect.args["items"]):
                path = Path(folder) / str(number)
                await self._storage.get_file(str(item["key"]), path)
                files.append(as_outgoing(item, path))
            return await self._telegram.album(effect, files)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
