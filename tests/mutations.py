"""`make mutations`: each guard is taken out of a copy of the source, and the tests that watch it
must go red.

A mutation that survives means that nothing would notice the loss of that guard.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = (
    "jarvis",
    "agents",
    "tools",
    "prompts",
    "migrations",
    "tests",
    "benchmarks",
    "evals",
    "docs",
    "deploy",
)
ACTING = "tests/features/test_acting.py"
CLAIMS = "tests/features/test_claims.py"
LOST = "test_a_right_lost_after_the_approval_leaves_a_refusal_when_the_run_goes_on"
DELIVERIES = "tests/engine/test_deliveries.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One guard: where it stands, its text, what stands there without it, the tests that must fail
    then."""

    guard: str
    path: str
    text: str
    without: str
    tests: tuple[str, ...]


MUTATIONS = (
    Mutation(
        guard="deduplication of inputs",
        path="jarvis/engine/journal.py",
        text="kind,\n            dedup_key,\n            ordering_key,\n            body,",
        without=(
            "kind,\n            dedup_key + trace,\n            ordering_key,\n            body,"
        ),
        tests=("tests/engine/test_journal.py::test_one_input_is_one_row",),
    ),
    Mutation(
        guard="who has a transaction open reads over it and waits for no second connection",
        path="jarvis/engine/db.py",
        text="        return held.connection\n",
        without="        return None\n",
        tests=("tests/engine/test_database.py",),
    ),
    Mutation(
        guard="a task inherits no connection from the one that started it",
        path="jarvis/engine/db.py",
        text=" or held.task is not asyncio.current_task()",
        without="",
        tests=("tests/engine/test_database.py",),
    ),
    Mutation(
        guard="calls of tools that were not offered are on record",
        path="tools/refusals.py",
        text="and part.tool_name not in names:",
        without="and part.tool_name in ():",
        tests=("tests/domains/test_policy.py",),
    ),
    Mutation(
        guard="approved calls whose tool was taken away are on record",
        path="tools/refusals.py",
        text="if grant is not None:",
        without="if False and grant is not None:",
        tests=(f"{ACTING}::{LOST}",),
    ),
    Mutation(
        guard="a model's word alone refuses nobody",
        path="jarvis/orchestrator/compose.py",
        text="if not refused_by_role(deps, block.tool):",
        without="if False:",
        tests=(f"{CLAIMS}::test_a_models_word_alone_refuses_nobody",),
    ),
    Mutation(
        guard="a refusal in words needs a refused call",
        path="tools/claims.py",
        text="return refused or bool(run.denied)",
        without="return True",
        tests=(f"{CLAIMS}::test_a_models_word_alone_refuses_nobody",),
    ),
    Mutation(
        guard="a card that is awaited is there",
        path="tools/claims.py",
        text="return bool(run.planned or await approvals.inbox(run.db, deps.actor))",
        without="return True",
        tests=(f"{CLAIMS}::test_a_card_that_nobody_made_is_awaited_by_nobody",),
    ),
    Mutation(
        guard="a source is silent only when it was asked",
        path="tools/claims.py",
        text='return claim == "silent" and source_unavailable(run)',
        without='return claim == "silent"',
        tests=(f"{CLAIMS}::test_a_failure_that_did_not_happen_is_not_told",),
    ),
    Mutation(
        guard="after a card a role says what is borne out only",
        path="jarvis/orchestrator/resume.py",
        text=(
            "            and await unsupported_claim(block.text, role, deps, self._approvals)"
            " is None\n"
        ),
        without="",
        tests=(f"{CLAIMS}::test_after_a_card_a_role_says_only_what_is_borne_out",),
    ),
    Mutation(
        guard="the router's question claims nothing",
        path="jarvis/orchestrator/request.py",
        text="or bool(claims_of(said))",
        without="",
        tests=(f"{CLAIMS}::test_the_routers_question_claims_nothing",),
    ),
    Mutation(
        guard="only branches that exist",
        path="tools/toolset.py",
        text="            choices.check(tool.tool_def, tool_args)\n",
        without="",
        tests=("tests/features/test_branches.py",),
    ),
    Mutation(
        guard="check of Origin",
        path="jarvis/entrypoints/demo/guard.py",
        text="if any(origin.lower() != ours",
        without="if any(not origin",
        tests=("tests/features/test_demo_borders.py",),
    ),
    Mutation(
        guard="check of Host",
        path="jarvis/entrypoints/demo/guard.py",
        text="if len(hosts) != 1 or _LOOPBACK.fullmatch(hosts[0]) is None:",
        without="if not hosts:",
        tests=("tests/features/test_demo_borders.py",),
    ),
    Mutation(
        guard="type of a file by its bytes",
        path="jarvis/kit/file_type.py",
        text="return _picture(head) or _clip(head) or UNKNOWN",
        without='return _picture(head) or _clip(head) or FileType("image", "text/html", "")',
        tests=("tests/features/test_demo_borders.py",),
    ),
    Mutation(
        guard="deduplication of effects",
        path="jarvis/engine/effects.py",
        text="kind.system,\n        target,\n        key,",
        without="kind.system,\n        target,\n        key + str(id(args)),",
        tests=("tests/engine/test_effects.py::test_one_key_is_one_effect_with_its_audit",),
    ),
    Mutation(
        guard="keys of effects by subscriber",
        path="jarvis/engine/effects.py",
        text="{self.event_id}:{self.subscriber}:{name}",
        without="{self.event_id}:{name}",
        tests=(
            f"{DELIVERIES}::test_each_of_many_subscribers_sends_its_message_once_under_kills_and_retries",
        ),
    ),
    Mutation(
        guard="fencing of deliveries",
        path="jarvis/engine/deliveries.py",
        text="            if not held:\n                raise LeaseLost",
        without="            if False:\n                raise LeaseLost",
        tests=("tests/engine/test_journal.py::test_a_worker_that_lost_its_lease_writes_nothing",),
    ),
    Mutation(
        guard="digest of a card",
        path="jarvis/engine/approvals.py",
        text=(
            "await self._stored_digest(tx, approval.id) != approval.digest\n"
            "            or not approval.digest.startswith(seen)\n"
            "            or not seen"
        ),
        without="not seen",
        tests=(f"{ACTING}::test_arguments_changed_behind_the_card_void_it",),
    ),
    Mutation(
        guard="digest of an undo",
        path="jarvis/engine/approvals.py",
        text="        if await self._stored_digest(tx, approval.id) != approval.digest:\n"
        '            return "tampered"',
        without="",
        tests=(f"{ACTING}::test_an_undo_changed_behind_its_button_does_nothing",),
    ),
    Mutation(
        guard="order of deliveries",
        path="jarvis/engine/deliveries.py",
        text="AND p.event_seq < d.event_seq AND p.state IN ('pending', 'claimed')))\n        AND "
        "NOT",
        without="AND false))\n        AND NOT",
        tests=(
            "tests/engine/test_journal.py::test_order_is_kept_per_key_among_many_workers",
            f"{DELIVERIES}::test_no_delivery_is_taken_twice_and_each_key_keeps_its_order",
        ),
    ),
    Mutation(
        guard="turns among senders",
        path="jarvis/engine/deliveries.py",
        text="busy.n + row_number() OVER (PARTITION BY s.sender ORDER BY h.event_seq) AS turn",
        without="h.event_seq AS turn",
        tests=("tests/engine/test_lanes.py::test_one_sender_among_a_flood_is_next",),
    ),
    Mutation(
        guard="lanes with slots of their own",
        path="jarvis/engine/worker.py",
        text=(
            "return await self._deliveries.claim(\n"
            "                self._name, lane, list(self._subscribers), limit=limit, pools=pools\n"
            "            )"
        ),
        without=(
            "for other in reversed(DeliveryLane):\n"
            "                if found := await self._deliveries.claim(\n"
            "                    self._name, other, list(self._subscribers), "
            "limit=limit, pools=pools\n"
            "                ):\n"
            "                    return found\n"
            "            return []"
        ),
        tests=(
            "tests/engine/test_lanes.py::test_a_flood_in_other_lanes_takes_no_slot_of_the_peoples",
        ),
    ),
    Mutation(
        guard="deadline of a handler",
        path="jarvis/engine/worker.py",
        text="timeout=subscriber.terms.deadline_s)",
        without="timeout=None)",
        tests=("tests/engine/test_failures.py::test_a_deadline_that_passes_twice_is_final",),
    ),
    Mutation(
        guard="remembering where it broke",
        path="jarvis/engine/failures.py",
        text="if place == failed_at or (",
        without="if False or (",
        tests=(
            "tests/engine/test_failures.py::test_everything_else_is_final_when_it_breaks_at_the_same_place_again",
        ),
    ),
    Mutation(
        guard="open work of removed subscribers",
        path="jarvis/engine/subscriptions.py",
        text="if open_work and not discard:",
        without="if False:",
        tests=(
            "tests/engine/test_subscriptions.py::test_a_subscriber_with_work_is_not_removed_before_it_is_done_or_discarded",
        ),
    ),
    Mutation(
        guard="sweeper of deliveries",
        path="jarvis/engine/deliveries.py",
        text="WHERE state = 'claimed'\n                        AND lease_until < now() FOR UPDATE",
        without="WHERE state = 'claimed'\n                        AND false FOR UPDATE",
        tests=("tests/engine/test_journal.py::test_a_worker_that_lost_its_lease_writes_nothing",),
    ),
    Mutation(
        guard="sweeper of effects",
        path="jarvis/engine/effect_log.py",
        text="async def sweep(self) -> int:\n",
        without="async def sweep(self) -> int:\n        return 0\n\n    async def _swept(self) -> "
        "int:\n",
        tests=("tests/engine/test_effects.py::test_a_dead_dispatchers_effect_is_given_back",),
    ),
    Mutation(
        guard="who may approve",
        path="jarvis/engine/approval_models.py",
        text="def may_approve(self, actor: Actor) -> bool:\n",
        without="def may_approve(self, actor: Actor) -> bool:\n        return True\n\n    def "
        "_may(self, actor: Actor) -> bool:\n",
        tests=(f"{ACTING}::test_another_person_approves_and_every_copy_shows_it",),
    ),
    Mutation(
        guard="waking of a successor",
        path="jarvis/engine/loop.py",
        text="        self._look.set()\n        if again_s is not None:",
        without="        if again_s is not None:",
        tests=(
            "tests/engine/test_waking.py::test_the_next_effect_of_an_order_follows_without_a_ring",
        ),
    ),
    Mutation(
        guard="waking when a row falls due",
        path="jarvis/engine/loop.py",
        text="call_later(again_s + MARGIN_S, self._look.set)",
        without="call_later(3600, self._look.set)",
        tests=(
            "tests/engine/test_waking.py::test_an_effect_that_waits_for_room_goes_on_when_there_is_room",
        ),
    ),
    Mutation(
        guard="dispatchers of other systems are notified",
        path="jarvis/engine/effect_log.py",
        text='        tx.notify(channel(freed["system"]))\n',
        without="        del freed\n",
        tests=(
            "tests/engine/test_waking.py::test_who_ends_an_effect_rings_those_who_waited_for_it_in_other_systems",
        ),
    ),
    Mutation(
        guard="inputs that have not reached the journal",
        path="jarvis/engine/idle.py",
        text="WHERE e.source = sent.source\n                       AND e.dedup_key = sent.key",
        without="WHERE true",
        tests=(
            "tests/engine/test_waking.py::test_at_rest_is_said_only_when_what_was_sent_has_gone_all_the_way",
        ),
    ),
    Mutation(
        guard="sequence of our deletions in groups",
        path="jarvis/integrations/telegram/media.py",
        text="DeleteMessagesInGroup(channel=",
        without="functions.channels.DeleteMessagesRequest(channel=",
        tests=("tests/contract/telegram/test_gateway.py",),
    ),
    Mutation(
        guard="chain of the audit",
        path="jarvis/engine/audit_chain.py",
        text="if link != row[10]:",
        without="if False:",
        tests=("tests/engine/test_audit.py::test_every_tampering_is_found_and_named",),
    ),
    Mutation(
        guard="rows beyond the head of a chain",
        path="jarvis/engine/audit_proof.py",
        text='max(row["top"], head[0] if head else 0, signed[0] if signed else 0)',
        without="head[0] if head else 0",
        tests=("tests/engine/test_audit.py::test_a_forgery_is_named_while_honest_rows_go_on",),
    ),
    Mutation(
        guard="signed hash against the computed one",
        path="jarvis/engine/audit_chain.py",
        text="if link.hex() != self.signed[1]:",
        without="if False:",
        tests=("tests/engine/test_audit.py::test_a_forgery_is_named_while_honest_rows_go_on",),
    ),
    Mutation(
        guard="signature of an erasure",
        path="jarvis/engine/audit_proof.py",
        text="(key is not None and found[2] != erasure(found[1], key))",
        without="False",
        tests=("tests/engine/test_audit.py::test_a_forgery_is_named_while_honest_rows_go_on",),
    ),
    Mutation(
        guard="no checkpoint over a forgery",
        path="jarvis/engine/audit_proof.py",
        text="    if proof.flaws:\n        raise Rejected",
        without="    if False:\n        raise Rejected",
        tests=("tests/engine/test_audit.py::test_a_forgery_is_named_while_honest_rows_go_on",),
    ),
    Mutation(
        guard="an older checkpoint put back",
        path="jarvis/engine/audit_checkpoints.py",
        text="        if recorded > (newest.number if newest else 0):\n",
        without="        if False:\n",
        tests=("tests/engine/test_audit.py::test_a_forgery_is_named_while_honest_rows_go_on",),
    ),
    Mutation(
        guard="budgets",
        path="jarvis/integrations/llm/metering.py",
        text="        if isinstance(held, str):\n",
        without="        if False:\n",
        tests=("tests/contract/llm/test_metering.py",),
    ),
)


def survives(mutation: Mutation) -> bool:
    """Whether the watching tests stay green without the guard."""
    with tempfile.TemporaryDirectory(prefix="jarvis-mutation-") as folder:
        copy = Path(folder)
        copy.chmod(0o755)
        for name in FOLDERS:
            shutil.copytree(
                ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "artefacts")
            )
        for name in ("pyproject.toml", "README.md", "Makefile"):
            shutil.copy(ROOT / name, copy / name)
        target = copy / mutation.path
        source = target.read_text(encoding="utf-8")
        if source.count(mutation.text) != 1:
            raise SystemExit(
                f"{mutation.guard}: its text stands {source.count(mutation.text)} times in "
                f"{mutation.path}"
            )
        target.write_text(source.replace(mutation.text, mutation.without), encoding="utf-8")
        run = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-x",
                "-p",
                "no:cacheprovider",
                "--show-capture=no",
                *mutation.tests,
            ],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode not in (0, 1) or any(
            error in run.stdout for error in ("NameError", "SyntaxError", "ImportError")
        ):
            raise SystemExit(
                f"{mutation.guard}: pytest ended with "
                f"{run.returncode}:\n{run.stdout[-2000:]}{run.stderr[-2000:]}"
            )
        return run.returncode == 0


def main(argv: list[str]) -> int:
    """Returns 1 when a mutation survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("guards", nargs="*", help="only these guards")
    wanted = parser.parse_args(argv).guards
    survived = 0
    for mutation in MUTATIONS:
        if wanted and mutation.guard not in wanted:
            continue
        alive = survives(mutation)
        survived += alive
        sys.stdout.write(
            f"{'SURVIVED' if alive else 'red'}: without the {mutation.guard} ({mutation.path})\n"
        )
        sys.stdout.flush()
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
