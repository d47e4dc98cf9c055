"""Plans changes of a car's branch or state."""

from __future__ import annotations

from uuid import UUID

from jarvis.domains.bookings.planning import Planner
from jarvis.domains.bookings.sending import Reverse
from jarvis.engine.planned import CodeChange, PlannedWrite
from jarvis.integrations.rentprog import assumptions, kinds
from jarvis.kit.errors import Impossible
from jarvis.kit.ids import new_id


class CarChanges(Planner):
    """Plans changes of cars."""

    async def move(self, car_id: UUID, branch: str) -> PlannedWrite:
        """Plan that the car belongs to another branch from now on."""
        car = await self._fresh_car(car_id)
        if car.branch == branch:
            raise Impossible("same")
        car_key = await self._sending.car_key(car.id)
        name = assumptions.NEW_BRANCH
        sendable = await self._sending.plan(
            kinds.MOVE_CAR,
            "update_car",
            {"car_id": car_key, name: self._sending.company(branch)},
            car.branch,
            str(new_id()),
        )
        return await self._car_write(
            sendable,
            car,
            title="move",
            changes=[CodeChange(type="branch", field="branch", old=car.branch, new=branch)],
            shown=("branch",),
            undo=None
            if car.branch is None
            else Reverse(
                tool="update_car",
                arguments={"car_id": car_key, name: self._rentprog.company(car.branch)},
                branch=branch,
            ),
        )

    async def set_state(self, car_id: UUID, state: int) -> PlannedWrite:
        """Plan another RentProg state of a car, 1 to 6."""
        car = await self._fresh_car(car_id)
        if car.state == state:
            raise Impossible("same")
        car_key = await self._sending.car_key(car.id)
        sendable = await self._sending.plan(
            kinds.SET_CAR_STATE,
            "update_car",
            {"car_id": car_key, "state": state},
            car.branch,
            str(new_id()),
        )
        return await self._car_write(
            sendable,
            car,
            title="state",
            changes=[CodeChange(type="state", field="state", old=car.state, new=state)],
            shown=("state",),
            undo=None
            if car.state is None
            else Reverse(tool="update_car", arguments={"car_id": car_key, "state": car.state}),
        )
