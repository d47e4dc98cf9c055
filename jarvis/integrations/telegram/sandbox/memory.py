"""The server's persistent state: what it answered or sent before it was killed is kept."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jarvis.integrations.telegram.sandbox.state import Box, Chat, Media
from jarvis.integrations.telegram.sandbox.transport import ServerKey
from jarvis.kit.keep import Keep

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.server import TelegramSandbox

_REST = ("users", "tokens", "private_ids", "random_ids", "media_ids", "albums", "commands")


class _Pickler(pickle.Pickler):
    """Files are kept once, and named where messages hold them."""

    def persistent_id(self, obj: Any) -> int | None:
        return obj.id if type(obj) is Media else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, body: bytes, media: dict[int, Media]) -> None:
        super().__init__(io.BytesIO(body))
        self._media = media

    def persistent_load(self, pid: Any) -> Media:
        return self._media[pid]


def _dump(value: object) -> bytes:
    out = io.BytesIO()
    _Pickler(out, 5).dump(value)
    return out.getvalue()


class TelegramMemory:
    """Saves changes; without a `keep` nothing is saved. Only chats reported by `changed` have their
    messages saved again."""

    def __init__(self, keep: Keep | None) -> None:
        self._keep = keep
        self._changed: set[int] | None = None
        self._pts: dict[int, int] = {}
        self._media = 0

    def clear(self) -> None:
        """Reset for a new world: everything is saved anew."""
        if self._keep is not None:
            self._keep.clear()
        self._changed, self._media = None, 0
        self._pts.clear()

    def changed(self, chat: Chat) -> None:
        """A message of this chat was added or changed."""
        if self._changed is not None:
            self._changed.add(chat.marked_id)

    def save(self, sandbox: TelegramSandbox) -> None:
        """Save everything until now; called before anything is sent."""
        if self._keep is None:
            return
        state, parts = sandbox.state, dict[str, bytes]()
        parts["rest"] = pickle.dumps(
            {name: getattr(state, name) for name in _REST}
            | {
                "token": sandbox.token,
                "keys": sandbox.keys,
                "logins": sandbox.logins,
                "port": sandbox.port,
                "box": state.box.pts,
                "rsa": sandbox.key.private_pem,
                "faults": sandbox.faults.active,
                "ledger": len(sandbox.ledger.entries()),
                "sent": sandbox.sent,
            }
        )
        parts["files"] = pickle.dumps(state.files)
        for number in [n for n in state.media if n > self._media]:
            parts[f"media:{number}"] = pickle.dumps(state.media[number])
            self._media = number
        self._new_updates(0, state.box, parts)
        for chat in state.chats.values():
            number = chat.marked_id
            parts[f"chat:{number}"] = _dump(replace(chat, messages={}, box=Box(pts=chat.box.pts)))
            if self._changed is None or number in self._changed:
                parts[f"messages:{number}"] = _dump(chat.messages)
            self._new_updates(number, chat.box, parts)
        self._keep.put(parts)
        self._changed = set()

    def _new_updates(self, number: int, box: Box, parts: dict[str, bytes]) -> None:
        last = self._pts.get(number, 0)
        for pts, update in reversed(box.updates):
            if pts <= last:
                break
            parts[f"update:{number}:{pts}"] = pickle.dumps(update)
        self._pts[number] = box.pts

    def restore(self, sandbox: TelegramSandbox) -> tuple[ServerKey, int]:
        """Restore the saved state; returns the server key and the port at which it listened."""
        assert self._keep is not None
        parts, state = self._keep.all(), sandbox.state
        rest: dict[str, Any] = pickle.loads(parts.pop("rest"))  # noqa: S301  # our own file
        for name in _REST:
            setattr(state, name, rest[name])
        sandbox.token, sandbox.keys, sandbox.logins, sandbox.sent = (
            rest["token"],
            rest["keys"],
            rest["logins"],
            rest["sent"],
        )
        sandbox.faults.active.update(rest["faults"])
        sandbox.ledger.read_back(rest["ledger"])
        state.files = pickle.loads(parts.pop("files"))  # noqa: S301
        state.box.pts = rest["box"]
        for name in sorted(parts):  # chats, then files, then messages, then updates
            kind, _, tail = name.partition(":")
            if kind == "media":
                state.media[int(tail)] = pickle.loads(parts[name])  # noqa: S301
            elif kind == "chat":
                state.chats[int(tail)] = _Unpickler(parts[name], {}).load()
            elif kind == "messages":
                state.chats[int(tail)].messages = _Unpickler(parts[name], state.media).load()
        for name in sorted(
            (n for n in parts if n.startswith("update:")), key=lambda n: int(n.rpartition(":")[2])
        ):
            _, number, pts = name.split(":")
            box = state.chats[int(number)].box if int(number) else state.box
            box.updates.append((int(pts), pickle.loads(parts[name])))  # noqa: S301
        return ServerKey(rest["rsa"]), rest["port"]
