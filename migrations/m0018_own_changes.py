"""Changes of our own records bear the names of those who own them: `house.*` becomes `staff.*` and
`news.*`, carried by the system `jarvis`."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

import json
from collections.abc import Mapping
from uuid import UUID

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from jarvis.kit.canon import digest
from migrations.sql_file import Connection, from_sql

ID = "2026-12-10T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "own_changes"

KINDS = {
    "house.grant_role": "staff.grant_role",
    "house.hire": "staff.hire",
    "house.add_branch": "staff.add_branch",
    "house.subscribe": "news.subscribe",
}
SHOWN = 16  # so much of a digest the buttons of a card carry

_ITEMS_SQL = """SELECT ordinal, role, tool, call_key, arguments, write, subject_kind, subject_id,
                       shown FROM approval_item WHERE approval_id = $1 ORDER BY ordinal"""


async def forwards() -> MigrationManager:
    async def rows(connection: Connection) -> None:
        await _rename(connection, KINDS)

    async def rows_back(connection: Connection) -> None:
        await _rename(connection, {new: old for old, new in KINDS.items()})

    return from_sql(__file__, ID, DESCRIPTION, rows=rows, rows_back=rows_back)


async def _rename(connection: Connection, kinds: Mapping[str, str]) -> None:
    """Rename the kinds in what cards ask for, and bind each card anew: its digest and that of its
    buttons. A card that does not match its digest gets no new one, so that it stays void."""
    cards = await connection.fetch(
        """SELECT * FROM approval a WHERE EXISTS (SELECT FROM approval_item i
            WHERE i.approval_id = a.id AND i.write->>'kind' = ANY($1)) FOR UPDATE""",
        list(kinds),
    )
    for card in cards:
        whole = await _digest(connection, card["id"]) == card["digest"]
        for old, new in kinds.items():
            await connection.execute(
                """UPDATE approval_item SET write = jsonb_set(write, '{kind}', to_jsonb($3::text))
                    WHERE approval_id = $1 AND write->>'kind' = $2""",
                card["id"],
                old,
                new,
            )
        if not whole:
            continue
        bound = await _digest(connection, card["id"])
        await connection.execute("UPDATE approval SET digest = $2 WHERE id = $1", card["id"], bound)
        await connection.execute(
            "UPDATE interaction SET choice = replace(choice, $2, $3) WHERE group_key = $1",
            f"approval:{card['id']}",
            card["digest"][:SHOWN],
            bound[:SHOWN],
        )


async def _digest(connection: Connection, approval_id: UUID) -> str:
    """What binds a card, as cards were bound when this migration was written."""
    card = await connection.fetchrow("SELECT * FROM approval WHERE id = $1", approval_id)
    assert card is not None
    items = [
        {
            name: json.loads(value)
            if name in ("arguments", "write", "shown")
            else str(value)
            if name == "subject_id"
            else value
            for name, value in item.items()
        }
        for item in await connection.fetch(_ITEMS_SQL, approval_id)
    ]
    return digest(
        {
            "items": items,
            "conversation": str(card["conversation_id"]),
            "roles": sorted(card["approver_roles"]),
            "branches": sorted(card["branches"]),
            "needed": card["needed"],
            "until": card["expires_at"].timestamp(),
        }
    )
