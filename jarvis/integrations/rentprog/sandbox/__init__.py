"""RentProg's servers as we know them: the public API, the webhook sender and the MCP server, on
loopback."""

from jarvis.integrations.rentprog.sandbox.server import RentProgSandbox
from jarvis.integrations.rentprog.sandbox.words import FAULTS, LEDGER
from jarvis.integrations.rentprog.sandbox.world import RentProgWorld, WorldBooking, WorldCar
from jarvis.kit.sandbox_manifest import Sandbox, SandboxContext

__all__ = ["SANDBOX", "RentProgSandbox", "RentProgWorld", "WorldBooking", "WorldCar"]


def _build(context: SandboxContext) -> RentProgSandbox:
    return RentProgSandbox(clock=context.clock, web=context.web, ledger_path=context.ledger)


SANDBOX = Sandbox(
    name="rentprog",
    title="RentProg",
    build=_build,
    world=RentProgWorld,
    faults=FAULTS,
    ledger=LEDGER,
)
