"""What Jarvis adds around the runs of the models: rights, memory, tools over PostgreSQL, facts,
rendering."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr
from pydantic_ai import Agent, RunContext
from pydantic_ai.toolsets import ToolsetTool, WrapperToolset

from agents.base import situation
from agents.blocks import Answer
from agents.offline import offline_model
from agents.router.agent import router
from benchmarks.harness.declare import Benchmark, Measured, at_most
from benchmarks.harness.places import fresh_place
from benchmarks.harness.stats import median_ms
from jarvis.app.build import open_app
from jarvis.app.role import roles
from jarvis.app.services import Services
from jarvis.app.settings import AppSettings
from jarvis.domains.staff.service import StaffService
from jarvis.entrypoints.sandboxes import load_world
from jarvis.entrypoints.seed import seed
from jarvis.entrypoints.worker import PARTS
from jarvis.kit.clock import OffsetClock
from jarvis.kit.ids import new_id
from jarvis.orchestrator.reply import Request as Asked
from jarvis.orchestrator.request import RequestPipeline
from jarvis.testing.servers import Servers
from prompts.book import PromptBook
from tools.deps import Deps, RunLedger
from tools.fleet import fleet as fleet_tools

QUESTION = "какие машины в ремонте"


class Bare(WrapperToolset[Deps]):
    """The same tools as the model sees them, answering at once: no domain, no guard, no
    database."""

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Deps], tool: ToolsetTool[Deps]
    ) -> Any:
        return "[f1] 3 cars."


async def overhead(servers: Servers, folder: Path) -> Measured:
    """Router, one agent and one tool through the orchestrator, against the same two bare
    pydantic-ai runs.

    The bare runs have our agents' output types, instructions, tools and offline models; the
    difference is everything that Jarvis adds: conversation, memory, rights, the tool's own work in
    PostgreSQL, facts, rendering.
    """
    async with (
        fresh_place(servers) as place,
        open_app(
            PARTS, replace={AppSettings: AppSettings(database_url=SecretStr(place.app))}
        ) as core,
    ):
        await seed(core.db, core.clock, load_world())
        actor = await core.get(StaffService).actor_by_name("Нино Беридзе")
        nothing = cast(Any, None)
        ledger = RunLedger(
            db=core.db,
            run_id=new_id(),
            event_id=new_id(),
            conversation_id=new_id(),
            trace_id="bench",
            request=QUESTION,
            private=True,
        )
        deps = Deps(
            actor=actor,
            now=core.clock.now(),
            services=Services({}),
            prompts=PromptBook(),
            switches=nothing,
            run=ledger,
        )
        models = {name: offline_model(roles()[name], OffsetClock()) for name in ("router", "fleet")}
        bare_agent = Agent(
            None,
            deps_type=Deps,
            output_type=Answer,
            toolsets=[Bare(fleet_tools)],
            end_strategy="early",
        )
        bare_agent.instructions(lambda: deps.prompts.prompt("fleet").text)
        bare_agent.instructions(situation)

        async def bare() -> None:
            await router.run(QUESTION, deps=deps, model=models["router"])
            await bare_agent.run(QUESTION, deps=deps, model=models["fleet"])

        async def whole() -> None:
            accepted = await core.journal.accept(
                source="bench", kind="x", dedup_key=str(new_id()), payload={}
            )
            reply = await core.get(RequestPipeline).answer(
                Asked(
                    event_id=accepted.event_id,
                    trace_id=new_id().hex,
                    actor=actor,
                    text=QUESTION,
                    language="ru",
                    place=f"bench:{accepted.event_id}",
                    private=True,
                )
            )
            assert reply.state == "answered", reply.text

        await bare()
        await whole()
        rounds = [(await median_ms(bare, 30), await median_ms(whole, 30)) for _ in range(5)]
    bare_ms, whole_ms = (statistics.median(r[n] for r in rounds) for n in (0, 1))
    return Measured(
        figures={
            "ratio": round(whole_ms / bare_ms, 2),
            "jarvis_ms": round(whole_ms, 1),
            "bare_ms": round(bare_ms, 1),
        }
    )


BENCHMARK = Benchmark(
    name="overhead",
    what="router, one agent and one tool, against the same two pydantic-ai runs with nothing "
    "around",
    figures=(
        at_most("ratio", "ours of the bare runs", goal=1.4),
        at_most("jarvis_ms", "ours, median"),
        at_most("bare_ms", "the bare runs, median"),
    ),
    run=overhead,
)
