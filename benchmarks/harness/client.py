"""A load generator in a process of its own: raw sockets and one `select`, no framework that could
be slower than what it loads.

`python -m benchmarks.harness.client URL RUN SECONDS CONNECTIONS [PER_S]` prints one line of JSON.
Without PER_S each connection sends again as soon as it has its answer. With it requests leave on a
timetable, and a latency counts from the moment at which the request was due, also when no
connection was free then: a server that stalls cannot hide the requests that it kept from being
sent.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.harness.bodies import bodies
from benchmarks.harness.stats import share

ANSWER_S = 10.0


@dataclass(slots=True, eq=False)
class Connection:
    """One keep-alive connection, with the answer that it waits for."""

    socket: socket.socket
    due: float = 0.0
    got: bytearray = field(default_factory=bytearray)

    def fileno(self) -> int:
        return self.socket.fileno()

    def read(self) -> int | None:
        """The status once the whole answer is here.

        Raises:
            ConnectionError: the server hung up, or its answer has no length.
        """
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server hung up")
        self.got += part
        head = self.got.find(b"\r\n\r\n")
        if head < 0 or len(self.got) < head + 4 + _length(self.got[:head]):
            return None
        status = int(self.got[9:12])
        self.got.clear()
        return status


def _length(head: bytearray) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise ConnectionError("an answer without content-length")


class Load:
    """Sends for a while and keeps what came back."""

    def __init__(self, url: str, run: str, connections: int) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._address = (parts.hostname, parts.port or 80)
        self._head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: "
            f"application/json\r\nContent-Length: "
        ).encode()
        self._bodies: Iterator[bytes] = bodies(run)
        # taken in turns: a server hangs up on a connection that nothing uses for seconds
        self._free = deque(self._connect() for _ in range(connections))
        self._busy: set[Connection] = set()
        self.sent = self.failed = 0
        self.times_ms: list[float] = []
        self.late_ms: list[float] = []

    def _connect(self) -> Connection:
        opened = socket.create_connection(self._address, ANSWER_S)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Connection(opened)

    def saturate(self, seconds: float) -> float:
        """As fast as the answers come; returns the seconds that it took."""
        began = time.perf_counter()
        while time.perf_counter() < began + seconds:
            while self._free:
                self._send(time.perf_counter())
            self._receive(0.1)
        self._finish()
        return time.perf_counter() - began

    def pace(self, seconds: float, per_s: float) -> float:
        """On a timetable, whatever the answers take; returns the seconds that it took."""
        began = time.perf_counter() + 0.05
        timetable = deque(began + n / per_s for n in range(int(seconds * per_s)))
        while timetable:
            now = time.perf_counter()
            if timetable[0] <= now and self._free:
                due = timetable.popleft()
                self.late_ms.append((now - due) * 1000)
                self._send(due)
            else:
                self._receive(min(0.1, max(0.0, timetable[0] - now)) if self._free else 0.1)
        self._finish()
        return time.perf_counter() - began

    def _send(self, due: float) -> None:
        connection, body = self._free.popleft(), next(self._bodies)
        connection.due = due
        connection.socket.sendall(b"%s%d\r\n\r\n%s" % (self._head, len(body), body))
        self._busy.add(connection)
        self.sent += 1

    def _receive(self, wait_s: float) -> None:
        for connection in select.select(self._busy, (), (), wait_s)[0]:
            status = connection.read()
            if status is not None:
                self.times_ms.append((time.perf_counter() - connection.due) * 1000)
                self.failed += not 200 <= status <= 299
                self._busy.remove(connection)
                self._free.append(connection)

    def _finish(self) -> None:
        deadline = time.perf_counter() + ANSWER_S
        while self._busy and time.perf_counter() < deadline:
            self._receive(0.1)
        self.failed += len(self._busy)


def main(url: str, run: str, seconds: str, connections: str, per_s: str = "") -> None:
    """Prints what came back, as JSON."""
    load = Load(url, run, int(connections))
    took = load.pace(float(seconds), float(per_s)) if per_s else load.saturate(float(seconds))
    found = {
        "requests": load.sent,
        "seconds": took,
        "failed": load.failed,
        "p50_ms": share(load.times_ms, 0.5),
        "p99_ms": share(load.times_ms, 0.99),
    }
    if load.late_ms:
        found["late_p99_ms"] = share(load.late_ms, 0.99)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
