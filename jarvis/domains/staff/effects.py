"""Carries out changes of staff and branches, each in one transaction."""

from __future__ import annotations

from uuid import UUID

from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.queries import works_here
from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, Receipt
from jarvis.kit.actor import LANGUAGES, Language, Role
from jarvis.kit.errors import Conflict, Rejected

SOURCE = "Jarvis"


class StaffEffects:
    """Carries out effects on staff and branches."""

    def __init__(self, db: Database, administration: StaffAdministration) -> None:
        self._db = db
        self._administration = administration

    async def grant(self, effect: Effect) -> Receipt:
        """Give an employee this role and branch."""
        args = effect.args
        role = Role(args["role"]) if args.get("role") else None
        await self._administration.change(
            UUID(str(args["employee"])), role=role, branch=args.get("branch"), by=SOURCE
        )
        return Receipt(facts={"employee": args["employee"]})

    async def hire(self, effect: Effect) -> Receipt:
        """Hire an employee of this name. A retry after an interruption finds who was hired."""
        args = effect.args
        languages: dict[str, Language] = {known: known for known in LANGUAGES}
        language = languages.get(str(args["language"]), "ru")
        role = Role(args["role"])
        try:
            employee_id = await self._administration.add(
                name=args["name"],
                role=role,
                branch=args["branch"],
                all_branches=args["branch"] is None,
                language=language,
                by=SOURCE,
            )
        except Conflict as error:
            found = await works_here(self._db, args["name"], role)
            if found is None:
                raise Rejected(SOURCE, str(error)) from None
            employee_id = found
        return Receipt(facts={"employee": str(employee_id)})

    async def add_branch(self, effect: Effect) -> Receipt:
        """Add the branch."""
        args = effect.args
        await self._administration.add_branch(
            str(args["code"]), args["names"], rents=bool(args["rents"]), by=SOURCE
        )
        return Receipt(facts={"code": args["code"]})
