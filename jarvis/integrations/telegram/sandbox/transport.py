"""The server's half of MTProto 2.0: TCP Full frames, the key exchange, encrypted messages.

Source: core.telegram.org/mtproto (auth_key, description), tested against Telethon 1.45.
"""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false, reportPrivateUsage=false
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import struct
import time
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from typing import Any, cast
from zlib import crc32

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from telethon.crypto import AES, AuthKey
from telethon.crypto.rsa import get_byte_array
from telethon.extensions import BinaryReader
from telethon.helpers import generate_key_data_from_nonce
from telethon.network.mtprotostate import MTProtoState
from telethon.tl import TLObject, types
from telethon.tl.core import GzipPacked, MessageContainer
from telethon.tl.functions import ReqDHParamsRequest, ReqPqMultiRequest, SetClientDHParamsRequest

_RPC_RESULT, _RPC_ERROR = 0xF35C6D01, 0x2144CA19
_PQ = 10007 * 10009  # the client proves that it can factor it; a large one would only cost it time
# A 2048-bit safe prime (RFC 3526, group 14): the client only checks ranges.
_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)


class ServerKey:
    """The server's RSA key and the fingerprint by which clients name it."""

    def __init__(self, pem: bytes | None = None) -> None:
        made = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048) if pem is None else None
        )
        self._key = made or cast(
            rsa.RSAPrivateKey, serialization.load_pem_private_key(pem or b"", None)
        )
        numbers = self._key.public_key().public_numbers()
        raw = TLObject.serialize_bytes(get_byte_array(numbers.n)) + TLObject.serialize_bytes(
            get_byte_array(numbers.e)
        )
        self.fingerprint = struct.unpack("<q", sha1(raw).digest()[-8:])[0]  # noqa: S324  # MTProto names keys by SHA-1
        form, bare = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        self.private_pem = pem or self._key.private_bytes(serialization.Encoding.PEM, form, bare)

    @property
    def public_pem(self) -> str:
        """PKCS#1, as the client's settings take it."""
        return (
            self._key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
            .decode()
        )

    def decrypt(self, data: bytes) -> bytes:
        """The client's inner data: 20 bytes of SHA-1, then the object and its padding."""
        numbers = self._key.private_numbers()
        plain = pow(int.from_bytes(data, "big"), numbers.d, numbers.public_numbers.n)
        return plain.to_bytes(256, "big")[1:][20:]


@dataclass(slots=True)
class Handshake:
    """The state of the key exchange between its steps."""

    server_nonce: int = 0
    new_nonce: int = 0
    secret: int = 0
    aes: tuple[bytes, bytes] = (b"", b"")


@dataclass(eq=False)
class Connection:
    """One TCP connection of one client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    keys: dict[int, bytes]
    server_key: ServerKey
    key_id: int = 0
    session_id: int = 0
    bot_id: int | None = None
    handshake: Handshake = field(default_factory=Handshake)
    _sent: int = 0
    _sequence: int = 0
    _last_id: int = 0

    async def frame(self) -> bytes | None:
        """The next frame's payload; None when the client left."""
        try:
            head = await self.reader.readexactly(8)
            length = struct.unpack("<i", head[:4])[0]
            if not 12 <= length <= 4 * 1024 * 1024:
                return None
            body = await self.reader.readexactly(length - 8)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        if struct.unpack("<I", body[-4:])[0] != crc32(head + body[:-4]):
            return None
        return body[:-4]

    def write(self, data: bytes) -> None:
        packet = struct.pack("<ii", len(data) + 12, self._sent) + data
        self._sent += 1
        with contextlib.suppress(ConnectionError, RuntimeError):
            self.writer.write(packet + struct.pack("<I", crc32(packet)))

    def cut(self) -> None:
        """Break the connection at once."""
        with contextlib.suppress(ConnectionError, RuntimeError):
            self.writer.transport.abort()

    # plain messages: the key exchange

    def answer_plain(self, payload: bytes) -> None:
        """One step of the key exchange."""
        with BinaryReader(payload[20:]) as reader:
            request = reader.tgread_object()
        if isinstance(request, ReqPqMultiRequest):
            self.handshake.server_nonce = int.from_bytes(os.urandom(16), "big", signed=True)
            answer = types.ResPQ(
                nonce=request.nonce,
                server_nonce=self.handshake.server_nonce,
                pq=get_byte_array(_PQ),
                server_public_key_fingerprints=[self.server_key.fingerprint],
            )
        elif isinstance(request, ReqDHParamsRequest):
            answer = self._dh_params(request)
        elif isinstance(request, SetClientDHParamsRequest):
            answer = self._dh_done(request)
        else:
            self.cut()
            return
        data = bytes(answer)
        self.write(struct.pack("<qqi", 0, self._new_id(reply=True), len(data)) + data)

    def _dh_params(self, request: Any) -> Any:
        with BinaryReader(self.server_key.decrypt(request.encrypted_data)) as reader:
            inner = reader.tgread_object()
        self.handshake.new_nonce = inner.new_nonce
        self.handshake.secret = int.from_bytes(os.urandom(32), "big")
        g_a = pow(3, self.handshake.secret, _PRIME)
        data = bytes(
            types.ServerDHInnerData(
                nonce=request.nonce,
                server_nonce=self.handshake.server_nonce,
                g=3,
                dh_prime=get_byte_array(_PRIME),
                g_a=get_byte_array(g_a),
                server_time=int(time.time()),
            )
        )
        self.handshake.aes = generate_key_data_from_nonce(
            self.handshake.server_nonce, inner.new_nonce
        )
        plain = sha1(data).digest() + data  # noqa: S324  # as the protocol says
        plain += os.urandom(-len(plain) % 16)
        return types.ServerDHParamsOk(
            nonce=request.nonce,
            server_nonce=self.handshake.server_nonce,
            encrypted_answer=AES.encrypt_ige(plain, *self.handshake.aes),
        )

    def _dh_done(self, request: Any) -> Any:
        plain = AES.decrypt_ige(request.encrypted_data, *self.handshake.aes)
        with BinaryReader(plain[20:]) as reader:
            inner = reader.tgread_object()
        shared = pow(int.from_bytes(inner.g_b, "big"), self.handshake.secret, _PRIME)
        key = AuthKey(get_byte_array(shared).rjust(256, b"\0"))
        self.keys[key.key_id] = key.key
        return types.DhGenOk(
            nonce=request.nonce,
            server_nonce=self.handshake.server_nonce,
            new_nonce_hash1=key.calc_new_nonce_hash(self.handshake.new_nonce, 1),
        )

    # encrypted messages

    def open(self, payload: bytes) -> list[tuple[int, Any]]:
        """The requests of one encrypted frame as (message id, object); an unknown key is answered
        with -404."""
        key_id = struct.unpack("<Q", payload[:8])[0]
        key = self.keys.get(key_id)
        if key is None:
            self.write(struct.pack("<i", -404))
            return []
        self.key_id = key_id
        msg_key = payload[8:24]
        plain = AES.decrypt_ige(payload[24:], *MTProtoState._calc_key(key, msg_key, True))
        if sha256(key[88:120] + plain).digest()[8:24] != msg_key:
            self.cut()
            return []
        _, self.session_id, message_id, _, length = struct.unpack("<qqqii", plain[:32])
        return list(_unpack(message_id, plain[32 : 32 + length]))

    def send_object(self, data: bytes, *, reply: bool) -> None:
        """Send one encrypted message: an answer, or an update that the server pushes."""
        key = self.keys.get(self.key_id)
        if key is None:
            return
        sequence = self._sequence * 2 + 1
        self._sequence += 1
        message = struct.pack("<qii", self._new_id(reply=reply), sequence, len(data)) + data
        plain = struct.pack("<qq", 0, self.session_id) + message
        plain += os.urandom(-(len(plain) + 12) % 16 + 12)
        msg_key = sha256(key[96:128] + plain).digest()[8:24]
        cipher = AES.encrypt_ige(plain, *MTProtoState._calc_key(key, msg_key, False))
        self.write(struct.pack("<Q", self.key_id) + msg_key + cipher)

    def result(self, message_id: int, data: bytes) -> None:
        if len(data) > 512:
            data = bytes(GzipPacked(data))
        self.send_object(struct.pack("<Iq", _RPC_RESULT, message_id) + data, reply=True)

    def error(self, message_id: int, code: int, text: str) -> None:
        body = struct.pack("<Ii", _RPC_ERROR, code) + TLObject.serialize_bytes(text)
        self.send_object(struct.pack("<Iq", _RPC_RESULT, message_id) + body, reply=True)

    def _new_id(self, *, reply: bool) -> int:
        now = time.time()
        new = (int(now) << 32) | (int((now % 1) * 1e9) & ~3) | (1 if reply else 3)
        self._last_id = new if new > self._last_id else self._last_id + 4
        return self._last_id


def _unpack(message_id: int, body: bytes) -> Any:
    """The objects of a message; containers and gzip are opened, service messages are kept."""
    constructor = struct.unpack("<I", body[:4])[0]
    if constructor == MessageContainer.CONSTRUCTOR_ID:
        offset = 8
        for _ in range(struct.unpack("<i", body[4:8])[0]):
            inner_id, _, length = struct.unpack("<qii", body[offset : offset + 16])
            yield from _unpack(inner_id, body[offset + 16 : offset + 16 + length])
            offset += 16 + length
        return
    if constructor == GzipPacked.CONSTRUCTOR_ID:
        with BinaryReader(body) as reader:
            reader.read_int(signed=False)
            yield from _unpack(message_id, gzip.decompress(reader.tgread_bytes()))
        return
    with BinaryReader(body) as reader:
        yield message_id, reader.tgread_object()
