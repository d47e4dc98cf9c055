"""Compares the claims in a model's text with what happened in the run: refused calls, sources that
did not answer, waiting cards."""

from __future__ import annotations

import time

from jarvis.app.discovery import integrations
from jarvis.engine.approvals import Approvals
from jarvis.engine.freshness import Freshness
from jarvis.messaging.facts import RefusalFact
from tools.claim_words import Claim, claims_of
from tools.deps import Deps, RunLedger

NOTED_CHARS = 200


async def unsupported_claim(text: str, role: str, deps: Deps, approvals: Approvals) -> Claim | None:
    """Return the first claim in a role's text that this run does not support; None when the text
    may be shown. The claim is recorded as a step of the run, not as a refusal or a failure.

    Only code says that something was done; such a claim of a model is never supported.
    """
    began = time.monotonic()
    vendors = [found.manifest.name for found in integrations()]
    for claim in sorted(claims_of(text, vendors)):
        if not await _is_supported(claim, deps, approvals):
            note = text[:NOTED_CHARS]
            deps.run.step("dropped", f"claim.{claim}", began=began, role=role, outcome=note)
            return claim
    return None


def source_unavailable(run: RunLedger) -> bool:
    """Whether a source did not answer in this run, or had not when the shown data was read."""
    ages = (getattr(fact, "fresh", None) for fact in run.facts.facts.values())
    return bool(run.unanswered) or any(
        isinstance(age, Freshness) and (age.failing_since or age.limited) for age in ages
    )


async def _is_supported(claim: Claim, deps: Deps, approvals: Approvals) -> bool:
    run = deps.run
    if claim == "waits":
        return bool(run.planned or await approvals.inbox(run.db, deps.actor))
    if claim == "refused":
        refused = any(isinstance(fact, RefusalFact) for fact in run.facts.facts.values())
        return refused or bool(run.denied)
    return claim == "silent" and source_unavailable(run)
