"""RentProg, the rental CRM: source of truth for cars, bookings, clients and money of every branch.

The account belongs to the company; one company token a branch comes from RentProg's settings, the
agent key from a user's profile. Described by the vendor's own repositories and by what was seen of
its public API.
"""

from __future__ import annotations

from jarvis.engine.integration import Integration
from jarvis.integrations.rentprog.kinds import KINDS
from jarvis.integrations.rentprog.port import opened
from jarvis.integrations.rentprog.settings import RentProgSettings

INTEGRATION = Integration(
    name="rentprog",
    title="RentProg",
    settings=RentProgSettings,
    connect=opened,
    effects=KINDS,
    carriers=("effects:RentProgEffects",),
    concurrency=4,
    webhooks=("webhook:rentprog_hook",),
    diagnose="diagnostics:diagnose",
)
