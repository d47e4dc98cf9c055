"""Carries out changes of our own house, each in one transaction of its room."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from jarvis.domains.house import kinds
from jarvis.domains.house.changes import SOURCE
from jarvis.domains.news.subscriptions import Subscriptions
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, EffectHandler, Receipt
from jarvis.kit.actor import LANGUAGES, Language, Role
from jarvis.kit.errors import Conflict, InvalidRequest, Rejected


class HouseEffects:
    """Handlers of the house's effects."""

    def __init__(self, db: Database, staff: StaffService, subscriptions: Subscriptions) -> None:
        self._db = db
        self._staff = staff
        self._subscriptions = subscriptions

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {
            kinds.GRANT_ROLE.name: self.grant,
            kinds.HIRE.name: self.hire,
            kinds.ADD_BRANCH.name: self.add_branch,
            kinds.SUBSCRIBE.name: self.subscribe,
        }

    async def grant(self, effect: Effect) -> Receipt:
        """The person has this role, this branch."""
        args = effect.args
        role = Role(args["role"]) if args.get("role") else None
        await self._staff.change(
            UUID(str(args["employee"])), role=role, branch=args.get("branch"), by=SOURCE
        )
        return Receipt(facts={"employee": args["employee"]})

    async def hire(self, effect: Effect) -> Receipt:
        """Somebody of this name works here. Asked again after an interruption, it finds who was
        hired."""
        args = effect.args
        languages: dict[str, Language] = {known: known for known in LANGUAGES}
        language = languages.get(str(args["language"]), "ru")
        role = Role(args["role"])
        try:
            employee_id = await self._staff.add(
                name=args["name"],
                role=role,
                branch=args["branch"],
                all_branches=args["branch"] is None,
                language=language,
                by=SOURCE,
            )
        except Conflict as error:
            found = await self._db.fetchval(
                "SELECT id FROM employee WHERE name = $1 AND role = $2 AND dismissed_at IS NULL",
                args["name"],
                role.value,
            )
            if found is None:
                raise Rejected(SOURCE, str(error)) from None
            employee_id = found
        return Receipt(facts={"employee": str(employee_id)})

    async def add_branch(self, effect: Effect) -> Receipt:
        """The branch is there."""
        args = effect.args
        await self._staff.add_branch(
            str(args["code"]), args["names"], rents=bool(args["rents"]), by=SOURCE
        )
        return Receipt(facts={"code": args["code"]})

    async def subscribe(self, effect: Effect) -> Receipt:
        """The chat hears of it in this way."""
        args = effect.args
        try:
            async with self._db.transaction() as tx:
                await self._subscriptions.set(
                    tx,
                    UUID(str(args["chat"])),
                    args["event_class"],
                    args["branch"],
                    args["mode"],
                    UUID(str(args["by"])),
                )
        except InvalidRequest as error:
            raise Rejected(SOURCE, str(error)) from None
        return Receipt(facts={"mode": args["mode"]})
