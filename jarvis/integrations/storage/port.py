"""Where photos lie: a folder or an S3 bucket behind one port, with links that end by themselves.

Source: fsspec and s3fs documentation; SigV4 settings as in docs/adr/0006.
"""

# fsspec and s3fs ship no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol

import fsspec
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

from jarvis.engine.db import Database
from jarvis.engine.settings import EngineSettings
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.errors import InvalidRequest, NotFound, Unavailable
from jarvis.kit.ids import new_token

SYSTEM = "Storage"
LINK_MAX_S = 3600
PART = 1024 * 1024  # bytes
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.-]{0,254}")


class Storage(Protocol):
    """Objects by key. Keys are made by us, never by a sender."""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None: ...
    async def put_file(self, key: str, path: Path, *, content_type: str) -> str: ...
    async def get(self, key: str) -> bytes: ...
    async def get_file(self, key: str, path: Path) -> None: ...
    def stream(self, key: str) -> AsyncIterator[bytes]: ...
    async def copy(self, key: str, to: str) -> str: ...
    async def exists(self, key: str) -> bool: ...
    def link(self, key: str, *, seconds: int = 600) -> str: ...


class FsStorage:
    """A folder or a bucket through fsspec. Calls run in threads: fsspec's own interface is
    synchronous."""

    provides: ClassVar[tuple[type, ...]] = (Storage,)

    def __init__(self, fs: Any, *, signer: LinkSigner | None, public: Any = None) -> None:
        self._fs = fs
        self._signer = signer
        self._public = public
        self._local = isinstance(fs.fs, LocalFileSystem)

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Store an object whole and verify its size. Whoever reads it meanwhile, or after a crash,
        finds it as it was or as it is.

        Raises:
            Unavailable: the storage did not take it.
        """
        _check(key)
        try:
            if self._local:
                draft = f"{key}.{new_token()}.draft"
                await asyncio.to_thread(self._fs.pipe_file, draft, data)
                await asyncio.to_thread(self._fs.mv, draft, key)
            else:
                await asyncio.to_thread(self._fs.pipe_file, key, data, ContentType=content_type)
            size = (await asyncio.to_thread(self._fs.info, key))["size"]
        except (OSError, ValueError) as error:
            raise Unavailable(SYSTEM, f"{type(error).__name__}") from None
        if size != len(data):
            raise Unavailable(SYSTEM, "the stored copy is shorter than the file")

    async def put_file(self, key: str, path: Path, *, content_type: str) -> str:
        """Store a file part by part, read the stored copy back and return its SHA-256.

        Raises:
            Unavailable: the storage did not take it, or what it holds is not what was sent.
        """
        _check(key)
        extra = {} if self._local else {"ContentType": content_type}
        try:
            await asyncio.to_thread(self._fs.put_file, str(path), key, **extra)
        except (OSError, ValueError) as error:
            raise Unavailable(SYSTEM, type(error).__name__) from None
        return await self._verified(key, await asyncio.to_thread(sha256_of, path))

    async def copy(self, key: str, to: str) -> str:
        """Copy an object within the storage, read the copy back and return its SHA-256; the same
        copy again changes nothing.

        Raises:
            NotFound: no such key.
            Unavailable: the copy is not what was copied.
        """
        _check(key)
        _check(to)
        wanted = await self._digest(key)
        try:
            await asyncio.to_thread(self._fs.cp_file, key, to)
        except (OSError, ValueError) as error:
            raise Unavailable(SYSTEM, type(error).__name__) from None
        return await self._verified(to, wanted)

    async def _verified(self, key: str, wanted: str) -> str:
        if await self._digest(key) != wanted:
            raise Unavailable(SYSTEM, "the stored copy is not what was sent", retry_after_s=5.0)
        return wanted

    async def _digest(self, key: str) -> str:
        found = hashlib.sha256()
        async for part in self.stream(key):
            found.update(part)
        return found.hexdigest()

    async def stream(self, key: str) -> AsyncGenerator[bytes]:
        """The bytes of an object, part by part.

        Raises:
            NotFound: no such key.
        """
        _check(key)
        try:
            file = await asyncio.to_thread(self._fs.open, key, "rb", block_size=PART)
            try:
                while part := await asyncio.to_thread(file.read, PART):
                    yield part
            finally:
                await asyncio.to_thread(file.close)
        except FileNotFoundError:
            raise NotFound("no such file in the storage") from None
        except OSError as error:
            raise Unavailable(SYSTEM, type(error).__name__) from None

    async def get_file(self, key: str, path: Path) -> None:
        """Write an object into a file here.

        Raises:
            NotFound: no such key.
        """
        _check(key)
        try:
            await asyncio.to_thread(self._fs.get_file, key, str(path))
        except FileNotFoundError:
            raise NotFound("no such file in the storage") from None
        except OSError as error:
            raise Unavailable(SYSTEM, type(error).__name__) from None

    async def get(self, key: str) -> bytes:
        """The bytes of an object.

        Raises:
            NotFound: no such key.
        """
        _check(key)
        try:
            return await asyncio.to_thread(self._fs.cat_file, key)
        except FileNotFoundError:
            raise NotFound("no such file in the storage") from None
        except OSError as error:
            raise Unavailable(SYSTEM, type(error).__name__) from None

    async def exists(self, key: str) -> bool:
        _check(key)
        return bool(await asyncio.to_thread(self._fs.exists, key))

    def link(self, key: str, *, seconds: int = 600) -> str:
        """A link to one object that ends after at most an hour."""
        _check(key)
        seconds = max(1, min(seconds, LINK_MAX_S))
        if self._signer is not None:
            return self._signer.link(key, seconds)
        return str((self._public or self._fs).sign(key, expiration=seconds))


class LinkSigner:
    """Signs links that the web process serves for stored files."""

    def __init__(self, base_url: str, secret: str) -> None:
        self._base = base_url.rstrip("/")
        self._secret = secret.encode()

    def link(self, key: str, seconds: int) -> str:
        until = int(time.time()) + seconds
        return f"{self._base}/media/{key}?until={until}&sign={self._sign(key, until)}"

    def valid(self, key: str, until: int, sign: str) -> bool:
        """Whether a link is ours and has not ended; false for any other text."""
        ours = hmac.compare_digest(self._sign(key, until).encode(), sign.encode(errors="replace"))
        return ours and time.time() < until <= time.time() + LINK_MAX_S

    def _sign(self, key: str, until: int) -> str:
        return hmac.new(
            self._secret, f"{key}\n{until}".encode(errors="replace"), hashlib.sha256
        ).hexdigest()


def link_signer(settings: EngineSettings) -> LinkSigner:
    """Signs links to files that the web process serves."""
    return LinkSigner(settings.public_url, settings.secret.get_secret_value())


async def opened(
    settings: StorageSettings, db: Database, engine: EngineSettings
) -> AsyncGenerator[FsStorage]:
    """The storage as long as the App stands."""
    async with connect(settings, db, signer=link_signer(engine)) as storage:
        yield storage


@asynccontextmanager
async def connect(
    settings: StorageSettings, db: Database | None, *, signer: LinkSigner | None = None
) -> AsyncGenerator[FsStorage]:
    """Open the storage that the URL names.

    Raises:
        InvalidRequest: an unknown kind of URL.
    """
    scheme, _, path = settings.url.partition("://")
    if scheme == "file":
        folder = await asyncio.to_thread(_folder, path)
        yield FsStorage(
            DirFileSystem(path=str(folder), fs=fsspec.filesystem("file", auto_mkdir=True)),
            signer=signer,
        )
        return
    if scheme not in ("s3", "gs"):
        raise InvalidRequest(
            "JARVIS_STORAGE_URL: file:///folder, s3://bucket/prefix or gs://bucket/prefix"
        )
    endpoint = settings.endpoint or ("https://storage.googleapis.com" if scheme == "gs" else None)
    fs = DirFileSystem(path=path, fs=_s3(settings, endpoint))
    public = (
        DirFileSystem(path=path, fs=_s3(settings, settings.public_endpoint))
        if settings.public_endpoint
        else None
    )
    yield FsStorage(fs, signer=None, public=public)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file here, as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder(path: str) -> Path:
    folder = Path(path).expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _s3(settings: StorageSettings, endpoint: str | None) -> Any:
    return fsspec.filesystem(
        "s3",
        key=settings.key.get_secret_value() if settings.key else None,
        secret=settings.secret.get_secret_value() if settings.secret else None,
        endpoint_url=endpoint,
        client_kwargs={"region_name": settings.region},
        use_listings_cache=False,
        skip_instance_cache=True,
        config_kwargs={
            "signature_version": "s3v4",
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        },
    )


def _check(key: str) -> None:
    if not _KEY.fullmatch(key) or ".." in key or "//" in key:
        raise InvalidRequest("a storage key has letters, digits, / _ . - only")
