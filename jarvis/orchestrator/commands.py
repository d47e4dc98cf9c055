"""Commands about Jarvis itself, and the buttons of its answers that are no requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from jarvis.app.role import Place as Suggested
from jarvis.app.services import Services
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.staff.invites import Welcomes
from jarvis.domains.staff.readers import Readers
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.switches import Switches
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.kit.ids import short_code
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback, command
from jarvis.messaging.catalogue import say
from jarvis.messaging.fact_views import stopped, suggestions
from jarvis.messaging.facts import HelpFact
from jarvis.messaging.markup import Markup, html, lines
from jarvis.messaging.payloads import ReportProblem, ShowPage
from jarvis.messaging.view import Button, Views, next_page
from jarvis.orchestrator.chat import Place
from tools.guide import examples_for

HELP = "help"  # the command that answers unknown ones


class GeneralCommands:
    """Welcome, help, a new conversation, reports of problems, further pages of a list."""

    provides: ClassVar[tuple[type, ...]] = (Welcomes,)

    def __init__(
        self,
        clock: Clock,
        services: Services,
        views: Views,
        readers: Readers,
        conversations: ConversationService,
        interactions: Interactions,
        switches: Switches,
    ) -> None:
        self._clock = clock
        self._services = services
        self._views = views
        self._readers = readers
        self._conversations = conversations
        self._interactions = interactions
        self._switches = switches

    @command("start")
    async def start(self, handling: Handling, actor: Actor, said: str) -> None:
        """Send the welcome, with suggested requests."""
        await self.welcome(handling, Place.of(handling).chat_id, actor)

    async def welcome(self, handling: Handling, chat_id: int, actor: Actor) -> None:
        """Greet an employee in their private chat."""
        reader = await self._readers.of(actor, actor.language)
        where = reader.branch(actor.home_branch) if actor.home_branch else reader.label("company")
        text = reader.say(
            "welcome",
            name=actor.name.split()[0],
            role=reader.say(f"role.{actor.role.value}"),
            branch=where,
        )
        place = Place(chat_id=chat_id, private=True, message_id=0)
        buttons = suggestions(await self._examples(actor, "welcome"), reader)
        await self._say(handling, place, text, buttons, actor)

    @command("new")
    async def new(self, handling: Handling, actor: Actor, said: str) -> None:
        """Start a new conversation."""
        place = Place.of(handling)
        await self._conversations.close(actor.employee_id, place.key, forget=False)
        await self._say(handling, place, say("new", actor.language))

    @command("forget")
    async def forget(self, handling: Handling, actor: Actor, said: str) -> None:
        """Start a new conversation without the memory of earlier ones."""
        place = Place.of(handling)
        await self._conversations.close(actor.employee_id, place.key, forget=True)
        await self._say(handling, place, say("forgotten", actor.language))

    @command(HELP)
    async def help(self, handling: Handling, actor: Actor, said: str) -> None:
        """Send what Jarvis can do for this person, and what is switched off."""
        reader = await self._readers.of(actor, actor.language)
        fact = HelpFact(examples=await self._examples(actor, "help"))
        page = self._views.render(fact, reader)
        notices = [
            html("⛔ {}", stopped(s, reader))
            for s in await self._switches.thrown()
            if s.scope != "effect"
        ]
        text = lines([*notices, page.text])
        await self._say(handling, Place.of(handling), text, page.buttons, actor)

    @command("report")
    async def report(self, handling: Handling, actor: Actor, said: str) -> None:
        """Record that the last answer here was wrong, with a description if one is given."""
        await self._report(handling, actor, said or None)

    @callback(ReportProblem)
    async def reported(self, handling: Handling, actor: Actor, payload: ReportProblem) -> None:
        """As `/report`."""
        await self._report(handling, actor, None)

    async def _report(self, handling: Handling, actor: Actor, text: str | None) -> None:
        place = Place.of(handling)
        trace = await self._conversations.report_problem(actor.employee_id, place.key, text)
        key = "report.none" if trace is None else "report.done"
        await self._say(handling, place, say(key, actor.language, code=short_code(trace or "")))

    @callback(ShowPage)
    async def page(self, handling: Handling, actor: Actor, payload: ShowPage) -> None:
        """Send the next page of a list as a new message."""
        page = next_page(payload, await self._readers.of(actor, actor.language))
        await self._say(handling, Place.of(handling), page.text, page.buttons, actor)

    async def _examples(self, actor: Actor, place: Suggested) -> Sequence[Mapping[str, str]]:
        """Example requests that this person may send, by language."""
        return await examples_for(actor, self._clock.now(), place, self._services)

    async def _say(
        self,
        handling: Handling,
        place: Place,
        text: Markup,
        buttons: Sequence[Sequence[Button]] = (),
        actor: Actor | None = None,
    ) -> None:
        """Send one message in reply."""
        async with handling.transaction() as tx:
            stored = await self._interactions.store(
                tx,
                outbox.stored_form(buttons),
                group=f"say:{handling.event.id}",
                who=Who(employee_id=actor.employee_id if actor else None),
                life=None,
            )
            await outbox.send(
                tx,
                handling.origin,
                place.chat_id,
                text,
                buttons=stored,
                key=handling.key("said"),
                reply_to=None if place.private else place.message_id,
            )
