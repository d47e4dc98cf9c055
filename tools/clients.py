"""Clients: who is meant, and what this person may see of them."""

from __future__ import annotations

from pydantic_ai import RunContext

from jarvis.domains.bookings.facts import ClientFact
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.clients.service import Client, ClientService, mask_phone, phone_key
from jarvis.kit.roles import CONTACTS, OPERATIONS
from jarvis.messaging.facts import ChoiceFact, Option
from tools.arguments import Number, Said
from tools.decorators import new_toolset, read
from tools.deps import Deps
from tools.resolve import not_found, resolve_booking

clients = new_toolset("clients")


@read(clients, roles=OPERATIONS, scope="branch", untrusted=False)
async def client_card(
    ctx: RunContext[Deps], name: Said | None = None, booking: Number | None = None
) -> str:
    """A client: name, category, bookings; the phone is masked unless the role may see it in a
    private chat.

    Args:
        name: Name or phone as it was said, e.g. `Олег Рудин`; this or `booking` is needed.
        booking: A booking's number, e.g. `1234`, when the client is named by it.
    """
    deps = ctx.deps
    client_service = deps.get(ClientService)
    if booking is not None:
        found = await resolve_booking(ctx, booking, None)
        if isinstance(found, str):
            return found
        people = [] if found.client_id is None else [await client_service.get(found.client_id)]
    else:
        people = await client_service.find(name or deps.run.request)
    if len(people) == 1:
        return await _card(ctx, people[0])
    if not people:
        key = await not_found(deps, "client", name or deps.run.request)
        return f"[{key}] No client answers to that."
    options = tuple(
        Option(
            label=p.full_name,
            request=f"клиент {phone_key(p.phone) or p.full_name}",
            phone=mask_phone(p.phone) or "",
        )
        for p in people[:6]
    )
    key = deps.run.facts.add(
        ChoiceFact(kind="client", said=(name or deps.run.request)[:60], options=options)
    )
    return f"[{key}] {len(people)} clients answer to that: ask which one, with this fact."


async def _card(ctx: RunContext[Deps], client: Client) -> str:
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    may_see = deps.run.private and deps.actor.role in CONTACTS
    rows = [b for b in await booking_service.of_client(client.id) if deps.actor.may_see(b.branch)]
    if may_see:
        await deps.run.record(deps.actor, "client.contact", "shown", {"client_id": str(client.id)})
    phone = f"+{phone_key(client.phone)}" if may_see and client.phone else mask_phone(client.phone)
    fresh = await booking_service.freshness(client.source_at)
    key = deps.run.facts.add(
        ClientFact(
            client=client,
            phone=phone,
            full_name=deps.run.private,
            bookings=tuple(rows),
            fresh=fresh,
        )
    )
    return f"[{key}] Client {client.short_name}, category {client.category}, {len(rows)} bookings."
