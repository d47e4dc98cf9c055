"""What an employee sets for themselves: language, hour of the digest, muted notices."""

from __future__ import annotations

from uuid import UUID

from jarvis.engine.db import Database
from jarvis.kit.actor import LANGUAGES, Language
from jarvis.kit.errors import InvalidRequest, NotFound


class StaffPreferences:
    """Reads and writes the preferences of employees."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, employee_id: UUID) -> tuple[Language, int | None, bool]:
        """Return language, digest hour (local, None for never), and whether notices are muted."""
        row = await self._db.fetchrow(
            "SELECT language, digest_hour, muted FROM employee WHERE id = $1", employee_id
        )
        if row is None:
            raise NotFound("no such employee")
        return row["language"], row["digest_hour"], row["muted"]

    async def set_language(self, employee_id: UUID, language: str) -> None:
        """Set the language.

        Raises:
            InvalidRequest: it is none of ours.
        """
        if language not in LANGUAGES:
            raise InvalidRequest("languages: ru, en, ka")
        await self._db.execute(
            "UPDATE employee SET language = $2 WHERE id = $1", employee_id, language
        )

    async def set_digest_hour(self, employee_id: UUID, hour: int | None) -> None:
        """Set the local hour of the digest, None for never.

        Raises:
            InvalidRequest: it is no hour.
        """
        if hour is not None and not 0 <= hour <= 23:
            raise InvalidRequest("an hour is 0 to 23")
        await self._db.execute(
            "UPDATE employee SET digest_hour = $2 WHERE id = $1", employee_id, hour
        )

    async def set_muted(self, employee_id: UUID, muted: bool) -> None:
        """Set whether notices that are not urgent are held back."""
        await self._db.execute("UPDATE employee SET muted = $2 WHERE id = $1", employee_id, muted)
