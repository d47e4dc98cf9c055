"""What `effects resolve`, `audit` and `interactions` do."""

from __future__ import annotations

from rich.console import Console

from jarvis.engine.audit_proof import LATEST, Seal, verify
from jarvis.engine.effects import EffectLog
from jarvis.entrypoints.bot import open_storage
from jarvis.entrypoints.cli.commands import core, show, uuid_of
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.errors import ExpectedError, InvalidRequest, NotFound
from jarvis.kit.settings import load

OUTCOMES = ("done", "not_done", "again")


async def effects_resolve(effect_id: str, outcome: str, name: str, console: Console) -> None:
    """A person's word, with the same audit as the buttons of the card."""
    if outcome not in OUTCOMES:
        raise InvalidRequest(f"outcomes: {', '.join(OUTCOMES)}")
    async with core() as opened:
        by = await opened.staff.actor_by_name(name)
        async with opened.db.transaction() as tx:
            if not await EffectLog(opened.db).resolve(uuid_of(effect_id), outcome, by=by, tx=tx):
                raise InvalidRequest(
                    "only an effect in the state `unknown` can be resolved; `effects list --state unknown` shows them"
                )
    console.print({"done": "Noted as done.", "not_done": "Noted as not done.", "again": "It goes out again."}[outcome])


async def audit_verify(console: Console) -> None:
    """Prints what was looked at; a flaw ends the command with an error that names the row."""
    async with core() as opened, open_storage(opened, load(StorageSettings)) as storage:
        try:
            seal = Seal.read((await storage.get(LATEST)).decode(), opened.settings.secret.get_secret_value())
        except NotFound:
            seal = None
        proof = await verify(opened.db, seals=[seal] if seal else [])
    console.print(f"{proof.rows} rows looked at, {proof.erased} with their words erased on record.")
    if seal is None:
        console.print("No signed heads in storage yet: a cut tail would not show. The scheduler makes them every ten minutes.")
    else:
        console.print(f"Compared with the heads signed {seal.at:%d.%m.%Y %H:%M} UTC.")
    for flaw in proof.flaws:
        console.print(f"[red]{flaw}[/red]")
    if not proof.whole:
        raise AuditBroken(f"the audit does not hold: {len(proof.flaws)} flaws")
    console.print("The audit holds.")


class AuditBroken(ExpectedError):
    """The audit was tampered with."""


async def audit_show(action: str | None, subject: str | None, limit: int, as_json: bool, console: Console) -> None:
    """The newest entries with their words."""
    async with core() as opened:
        rows = await opened.db.fetch(
            """SELECT e.id, e.at, e.action, e.outcome, p.body AS words, e.shard, e.n FROM audit_entry e
                 LEFT JOIN audit_payload p ON p.audit_entry_id = e.id
                WHERE ($1::text IS NULL OR e.action = $1) AND ($2::text IS NULL OR strpos(p.body, $2) > 0)
                ORDER BY e.seq DESC LIMIT $3""",
            action, subject, limit,
        )  # fmt: skip
    show(rows, ("at", "action", "outcome", "words", "id"), as_json, console)


async def interactions_list(limit: int, as_json: bool, console: Console) -> None:
    """Cards that wait for a word."""
    async with core() as opened:
        rows = await opened.db.fetch(
            """SELECT a.id, a.state, a.asked_at, a.expires_at, e.name AS requester, a.needed,
                      (SELECT count(*) FROM approval_vote v WHERE v.approval_id = a.id) AS votes,
                      (SELECT string_agg(i.tool, ', ' ORDER BY i.ordinal) FROM approval_item i WHERE i.approval_id = a.id) AS writes
                 FROM approval a JOIN employee e ON e.id = a.requester_employee_id WHERE a.state = 'waiting'
                ORDER BY a.expires_at LIMIT $1""",
            limit,
        )
    show(rows, ("id", "requester", "writes", "votes", "needed", "expires_at"), as_json, console)


async def switch_list(console: Console) -> None:
    """Thrown switches, the settings' own included."""
    async with core() as opened:
        for switch in await opened.switches.thrown():
            console.print(
                f"{switch.scope}:{switch.name or '*'} {switch.mode}, {switch.by or ('settings' if switch.at is None else 'the command line')}{f': {switch.reason}' if switch.reason else ''}"
            )


async def switch_set(scope: str, name: str, mode: str, reason: str | None, by_name: str | None, console: Console) -> None:
    """Throw one switch."""
    async with core() as opened:
        by = await opened.staff.actor_by_name(by_name) if by_name else None
        await opened.switches.throw(scope, name, mode, by=by, by_name=by.name if by else "CLI", reason=reason)
    console.print(f"{scope}:{name or '*'} is {mode}.")


async def switch_report(hours: int, as_json: bool, console: Console) -> None:
    """Effects that were only noted, by kind and branch."""
    async with core() as opened:
        rows = await opened.db.fetch(
            """SELECT kind, coalesce(branch, '') AS branch, count(*) AS effects, min(requested_at) AS first, max(requested_at) AS last
                 FROM effect WHERE state = 'shadow' AND requested_at > now() - make_interval(hours => $1)
                GROUP BY kind, branch ORDER BY kind, branch""",
            hours,
        )
    show(rows, ("kind", "branch", "effects", "first", "last"), as_json, console)
