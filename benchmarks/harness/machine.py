"""Where and of what a run was made: the machine's kind without its name, and the commit."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_KIND = ("cpu", "cores", "memory_gib")

Machine = dict[str, str | int | float]


def this_machine() -> Machine:
    """Processor, cores, memory, kernel, Python, and how busy it was in the minute before: others
    may share it."""
    return {
        "cpu": _after_colon(Path("/proc/cpuinfo"), "model name")
        or platform.processor()
        or platform.machine(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 0,
        "memory_gib": _memory_gib(),
        "kernel": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def same_kind(one: Machine, other: Machine) -> bool:
    """Whether figures of the two can be compared: kernel and Python may differ, the rest may
    not."""
    return all(one.get(key) == other.get(key) for key in _KIND)


def commit() -> str:
    """The short commit that is measured, with `+` when source differs from it; `unknown` outside a
    checkout."""
    head = _git("rev-parse", "--short", "HEAD")
    if not head:
        return "unknown"
    return head + (
        "+" if _git("status", "--porcelain", "--", ":!benchmarks/results", ":!docs") else ""
    )


def _git(*args: str) -> str:
    try:
        return subprocess.run(
            ["git", *args], cwd=_ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _memory_gib() -> int:
    kib = _after_colon(Path("/proc/meminfo"), "MemTotal").split()
    return round(int(kib[0]) / 2**20) if kib else 0


def _after_colon(path: Path, name: str) -> str:
    if not path.exists():
        return ""
    lines = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")
