"""A killed RentProg begins again with its records, its keys of writes, and the webhooks that it had
not delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.kit.keep import Keep


async def test_records_tokens_and_undelivered_webhooks_are_there_again(tmp_path: Path) -> None:
    sandbox = RentProgSandbox(ledger_path=tmp_path / "ledger")
    sandbox.load(load_world(), datetime.now(UTC))
    sandbox.remember(Keep(tmp_path / "kept"), resume=False)
    await sandbox.change("set_mileage", {"car": "90001", "mileage": "123456"})
    again = RentProgSandbox(ledger_path=tmp_path / "ledger")
    again.remember(Keep(tmp_path / "kept"), resume=True)
    assert again.data == sandbox.data
    assert again.data.cars[90001]["mileage"] == 123456
    assert (again.company_tokens, again.mcp_key) == (sandbox.company_tokens, sandbox.mcp_key)
    assert again.busy(), "its webhook goes out now"
