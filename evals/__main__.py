"""`python -m evals [NAME …] [--model openai:NAME] [--only CASE]`: all suites, or some; fails when
one is under its floor."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic_ai import models

from evals.suites import Setting, Suite, known, say
from jarvis.app.process import quiet_libraries
from jarvis.testing.servers import forget_settings, running_servers


async def _run(suites: dict[str, Suite], setting: Setting) -> bool:
    good = True
    with models.override_allow_model_requests(setting.model_name is not None):
        for suite in suites.values():
            began = time.monotonic()
            scores = await suite.run(setting)
            good = good and bool(scores) and all(score.good for score in scores)
            for score in scores:
                verdict = (
                    "" if score.good else f", {score.broken} broke; its floor is {score.floor}"
                )
                say(
                    f"{score.name}: {score.share:.3f} of {score.asked} cases right with "
                    f"{setting.called}{verdict}"
                )
            say(f"  {time.monotonic() - began:.0f} s")
    return good


def main(argv: Sequence[str]) -> int:
    """Returns 1 when a suite is under its floor or asked nothing."""
    suites = known()
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"suites: {', '.join(suites)}; all when none is named",
    )
    parser.add_argument(
        "--model", help="a model for every role, such as openai:NAME; it may cost money"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="CASE",
        help="only this case (may be given again)",
    )
    args = parser.parse_args(argv)
    unknown = sorted(set(args.names) - set(suites))
    if unknown:
        parser.error(f"no suite {', '.join(unknown)}; there are {', '.join(suites)}")
    chosen = {name: suite for name, suite in suites.items() if not args.names or name in args.names}
    if args.only:
        cases = {name: set(suite.names()) for name, suite in chosen.items()}
        if missing := sorted(set(args.only).difference(*cases.values())):
            parser.error(f"no case {', '.join(missing)} in {', '.join(chosen)}")
        chosen = {name: suite for name, suite in chosen.items() if cases[name] & set(args.only)}
    forget_settings()
    quiet_libraries()
    logging.getLogger("jarvis").setLevel(logging.ERROR)  # a report is what is printed here
    os.environ.setdefault("LOGFIRE_IGNORE_NO_CONFIG", "1")
    with (
        running_servers() as servers,
        tempfile.TemporaryDirectory(prefix="jarvis-evals-") as folder,
    ):
        setting = Setting(
            servers=servers, folder=Path(folder), model_name=args.model, only=args.only
        )
        return 0 if asyncio.run(_run(chosen, setting)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
