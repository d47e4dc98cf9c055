"""What `effects resolve`, `audit` and `interactions` do."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit
from jarvis.engine.approval_records import ApprovalRecords
from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.audit_proof import CHAINS, Proof, begin_checkpoints, prove
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.settings import EngineSettings
from jarvis.engine.switches import Switches
from jarvis.entrypoints.cli.commands import app, show, uuid_of
from jarvis.integrations.storage.port import FsStorage
from jarvis.kit.errors import ExpectedError, InvalidRequest

OUTCOMES = ("done", "not_done", "again")


async def effects_resolve(effect_id: str, outcome: str, name: str, console: Console) -> None:
    """Record a person's resolution of an unknown effect, with the same audit as the card's
    buttons."""
    if outcome not in OUTCOMES:
        raise InvalidRequest(f"outcomes: {', '.join(OUTCOMES)}")
    async with app() as opened:
        by = await opened.get(StaffService).actor_by_name(name)
        async with opened.db.transaction() as tx:
            if not await EffectLog(opened.db).resolve(uuid_of(effect_id), outcome, by=by, tx=tx):
                raise InvalidRequest(
                    "only an effect in the state `unknown` can be resolved; `effects list --state unknown` shows them"
                )
    console.print(
        {"done": "Noted as done.", "not_done": "Noted as not done.", "again": "It goes out again."}[
            outcome
        ]
    )


async def audit_verify(console: Console) -> None:
    """Print what was verified and what is not signed yet; a flaw ends the command with an error
    that names the row.

    Raises:
        AuditBroken: something does not hold.
        AuditUnproved: it could not be looked at whole: storage is away, nothing is signed, or there
            are no rows.
    """
    async with app() as opened:
        storage = opened.get(FsStorage)
        proof = await prove(
            opened.db, Checkpoints(storage, opened.get(EngineSettings).secret.get_secret_value())
        )
    now = datetime.now(UTC)
    for line in report(proof, now):
        console.print(line, markup=False, highlight=False)
    console.print(verdict(proof, now), markup=False, highlight=False)


def verdict(proof: Proof, now: datetime) -> str:
    """One sentence on an intact audit.

    Raises:
        AuditBroken: something does not hold.
        AuditUnproved: it could not be looked at whole: storage is away, nothing is signed, or there
            are no rows.
    """
    if not proof.whole:
        raise AuditBroken(f"the audit does not hold: {len(proof.flaws)} flaws")
    if proof.unread is not None:
        raise AuditUnproved(
            "not completed: the chains hold together, but storage could not be read to compare them with the checkpoints"
        )
    if not proof.rows:
        raise AuditUnproved("not completed: the audit has no rows, there is nothing to verify")
    if proof.checkpoint is None and proof.late(now):
        raise AuditUnproved("not completed: the chains hold together, but nothing was ever signed")
    if proof.checkpoint is None:
        return "The chains hold together; the first checkpoint is still to be made."
    return f"The audit holds: up to {proof.checkpoint} it is as it was signed, and what follows holds together."


def report(proof: Proof, now: datetime) -> list[str]:
    """A proof as lines of text; the verdict is left to the caller."""
    lines = [
        f"{proof.rows} rows of {CHAINS} chains looked at, {proof.erased} with their words erased on record."
    ]
    if proof.checkpoint is not None:
        lines.append(
            f"Compared with {proof.checkpoint}, signed {_moment(proof.checkpoint.at)}; it covers {proof.checkpoint.rows} rows."
        )
    elif proof.unread is not None:
        lines.append(f"Not compared with any checkpoint: {proof.unread}.")
    else:
        lines.append("There is no checkpoint in storage to compare with.")
    if proof.unsigned:
        since = f", the oldest of {_moment(proof.unsigned_since)}" if proof.unsigned_since else ""
        lines.append(
            f"Not signed yet: the newest {proof.unsigned} rows{since}. They hold together, but whoever has the owner's rights"
            " could have written them anew, or cut them off; the next checkpoint covers them."
        )
        if proof.late(now):
            lines.append(
                "That checkpoint is late: they are made every ten minutes. `jarvis doctor` says what keeps it."
            )
    if proof.begun:
        times = f"{len(proof.begun)} times, last" if len(proof.begun) > 1 else "once,"
        lines.append(
            f"Checkpoints were begun anew {times} {_moment(proof.begun[-1])}; `jarvis audit show --action audit.begin` says by whom and why."
        )
    return [*lines, *map(str, proof.flaws)]


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d.%m.%Y %H:%M:%S} UTC"


async def audit_begin(reason: str, name: str, console: Console) -> None:
    """Start a new series of checkpoints; earlier flaws are recorded in the audit."""
    async with app() as opened:
        storage = opened.get(FsStorage)
        by = await opened.get(StaffService).actor_by_name(name)
        checkpoints = Checkpoints(storage, opened.get(EngineSettings).secret.get_secret_value())
        made = await begin_checkpoints(
            opened.db, checkpoints, by_name=by.name, reason=reason, by=by.employee_id
        )
    console.print(
        f"Checkpoints begin anew with {made}: {made.rows} rows, as they stand now. What they were before is not proved by it."
    )


class AuditBroken(ExpectedError):
    """The audit was tampered with."""


class AuditUnproved(ExpectedError):
    """The audit could not be verified completely."""


async def audit_show(
    action: str | None, subject: str | None, limit: int, as_json: bool, console: Console
) -> None:
    """The newest entries with their texts."""
    async with app() as opened:
        rows = await audit.recent(opened.db, action=action, subject=subject, limit=limit)
    show(rows, ("at", "action", "outcome", "words", "id"), as_json, console)


async def interactions_list(limit: int, as_json: bool, console: Console) -> None:
    """Cards that wait for a decision."""
    async with app() as opened:
        rows = await ApprovalRecords().listed(opened.db, limit)
    show(rows, ("id", "requester", "writes", "votes", "needed", "expires_at"), as_json, console)


async def switch_list(console: Console) -> None:
    """Switches that are not on, including those from the settings."""
    async with app() as opened:
        for switch in await opened.get(Switches).thrown():
            console.print(
                f"{switch.scope}:{switch.name or '*'} {switch.mode}, {switch.by or ('settings' if switch.at is None else 'the command line')}{f': {switch.reason}' if switch.reason else ''}"
            )


async def switch_set(
    scope: str, name: str, mode: str, reason: str | None, by_name: str | None, console: Console
) -> None:
    """Set one switch."""
    async with app() as opened:
        by = await opened.get(StaffService).actor_by_name(by_name) if by_name else None
        await opened.get(Switches).throw(
            scope, name, mode, by=by, by_name=by.name if by else "CLI", reason=reason
        )
    console.print(f"{scope}:{name or '*'} is {mode}.")


async def switch_report(hours: int, as_json: bool, console: Console) -> None:
    """Effects that were only recorded, by kind and branch."""
    async with app() as opened:
        rows = await EffectLog(opened.db).shadowed(hours=hours)
    show(rows, ("kind", "branch", "effects", "first", "last"), as_json, console)
