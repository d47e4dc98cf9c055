"""What `jarvis doctor` says about RentProg; never a token."""

from __future__ import annotations

from jarvis.engine.integration import Diagnosis
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.errors import IntegrationError, NotFound


async def diagnose(client: RentProg) -> list[Diagnosis]:
    """One line a branch for the public API, one for MCP."""
    lines: list[Diagnosis] = []
    for branch in client.branches:
        try:
            await client.api.ping(branch)
            lines.append(
                Diagnosis(name=f"RentProg, {branch}", ok=True, found="the company token works")
            )
        except IntegrationError as error:
            advice = "check JARVIS_RENTPROG_COMPANY_TOKENS and JARVIS_RENTPROG_BASE_URL"
            lines.append(
                Diagnosis(name=f"RentProg, {branch}", ok=False, found=error.reason, advice=advice)
            )
    if not client.branches:
        advice = "set JARVIS_RENTPROG_COMPANY_TOKENS"
        lines.append(Diagnosis(name="RentProg", ok=False, found="no company tokens", advice=advice))
    try:
        await client.mcp.whoami()
        lines.append(Diagnosis(name="RentProg MCP", ok=True, found="the agent key works"))
    except (IntegrationError, NotFound) as error:
        lines.append(
            Diagnosis(
                name="RentProg MCP",
                ok=False,
                found=str(error),
                advice="set JARVIS_RENTPROG_MCP_KEY and _MCP_URL",
            )
        )
    return lines
