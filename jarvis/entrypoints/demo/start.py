"""Starts the processes of the demo. Imports little: it runs before anything else is imported.

One process imports Jarvis once and forks the others: five imports of the same libraries would take
most of the start. The sandboxes need other libraries and import them beside it, while PostgreSQL
starts.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

_FORKS, _SPAWNS = get_context("forkserver"), get_context("spawn")
_PROCESSES = ("web", "worker", "bot", "jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSpec:
    """How to start a process: its arguments, settings and log file."""

    argv: Sequence[str]
    env: Mapping[str, str]
    log: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The process of the sandboxes, which imports already, and the pipe to send it its launch
    spec."""

    process: BaseProcess
    specs: Connection

    def begin(self, spec: LaunchSpec) -> BaseProcess:
        """Make it serve."""
        self.specs.send(spec)
        return self.process


class Forks:
    """Jarvis's own processes, as `jarvis …` starts them in production. They end when this object's
    process does."""

    def __init__(self) -> None:
        _FORKS.set_forkserver_preload([f"jarvis.entrypoints.{name}" for name in _PROCESSES])
        forkserver.ensure_running()
        self._far_end, self._near_end = _FORKS.Pipe(duplex=False)

    def start(self, name: str, spec: LaunchSpec) -> BaseProcess:
        process = _FORKS.Process(target=_jarvis, args=(spec, self._far_end), name=name)
        process.start()
        return process


def begin() -> tuple[Host, Forks]:
    """Start the imports of every process; call it before any other import."""
    forks = Forks()
    return begin_host(), forks


def begin_host() -> Host:
    """Start the imports of the sandboxes' process."""
    theirs, ours = _SPAWNS.Pipe(duplex=False)
    process = _SPAWNS.Process(target=_host, args=(theirs,), name="host")
    process.start()
    theirs.close()
    return Host(process=process, specs=ours)


def _host(specs: Connection) -> None:
    os.setpgid(0, 0)
    from jarvis.entrypoints.demo.host import main

    try:
        spec: LaunchSpec = specs.recv()
    except EOFError:
        return  # the demo ended before it had begun
    _take_over(spec, specs)
    main(spec.argv)


def _jarvis(spec: LaunchSpec, supervisor: Connection) -> None:
    os.setpgid(0, 0)
    _take_over(spec, supervisor)
    from jarvis.kit.faults import arm_again

    arm_again()
    from jarvis.entrypoints.cli.app import main

    main()


def _take_over(spec: LaunchSpec, supervisor: Connection) -> None:
    """Apply the log file, settings and arguments; Ctrl-C is handled by the supervisor alone, which
    ends the others in order."""
    threading.Thread(target=_end_with, args=(supervisor,), daemon=True).start()
    words = os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(words, stream)
    for name in [name for name in os.environ if name.startswith("JARVIS_")]:
        del os.environ[name]
    os.environ.update(spec.env)
    sys.argv = ["jarvis", *spec.argv]


def _end_with(supervisor: Connection) -> None:
    """A killed demo takes its processes with it: the pipe that only it holds open closes."""
    try:
        supervisor.recv()
    except (EOFError, OSError):
        os._exit(1)
