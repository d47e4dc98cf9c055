"""RentProg's servers as we know them: the public API, the webhook sender and the MCP server, on
loopback."""

from jarvis.integrations.rentprog.sandbox.server import RentProgSandbox

__all__ = ["RentProgSandbox"]
