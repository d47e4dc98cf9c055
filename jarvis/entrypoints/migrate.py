"""Runs the migrations on the direct database address."""

from __future__ import annotations

import asyncio
import os
import sys

from jarvis.kit.errors import SettingsMissing


def migrate() -> None:
    """Bring the schema to its newest version.

    Raises:
        SettingsMissing: `JARVIS_DATABASE_DIRECT_URL` is not set.
    """
    if not os.environ.get("JARVIS_DATABASE_DIRECT_URL"):
        raise SettingsMissing("JARVIS_DATABASE_DIRECT_URL: the owner's address, not the pooler's")
    os.environ["PICCOLO_CONF"] = "migrations.piccolo_conf"
    from piccolo.apps.migrations.commands.forwards import run_forwards

    result = asyncio.run(run_forwards("jarvis"))
    if not result.success:
        raise SettingsMissing(result.message or "a migration failed")


if __name__ == "__main__":
    try:
        migrate()
    except SettingsMissing as problem:
        sys.exit(str(problem))
