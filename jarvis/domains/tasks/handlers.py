"""Tasks: made by a closed task form, listed by `/tasks`, marked done or open by a button."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.domains.chats.models import Subject
from jarvis.domains.chats.topics import refresh
from jarvis.domains.forms.filling import FINISHED
from jarvis.domains.forms.service import FormService
from jarvis.domains.staff.absences import Absences
from jarvis.domains.staff.readers import Readers
from jarvis.domains.staff.service import StaffService
from jarvis.domains.tasks import view
from jarvis.domains.tasks.payloads import SetTask
from jarvis.domains.tasks.service import Task, TaskService
from jarvis.engine import audit
from jarvis.engine.db import Tx
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, local_date
from jarvis.kit.roles import HEADS
from jarvis.messaging import outbox, times
from jarvis.messaging.callbacks import callback, command
from jarvis.messaging.markup import Markup, html, lines
from jarvis.messaging.view import Button, Reader

LISTED = 8  # tasks per message


class Tasks:
    """Creates, lists and completes tasks."""

    feature: ClassVar[str] = "tasks"

    def __init__(
        self,
        clock: Clock,
        staff: StaffService,
        forms: FormService,
        tasks: TaskService,
        absences: Absences,
        interactions: Interactions,
        readers: Readers,
    ) -> None:
        self._clock = clock
        self._staff = staff
        self._forms = forms
        self._tasks = tasks
        self._absences = absences
        self._interactions = interactions
        self._readers = readers

    @subscriber(FINISHED, lane=DeliveryLane.PEOPLE)
    async def given(self, handling: Handling) -> None:
        """Create the task of a closed form; if the text or the assignee is missing there is no
        task, and the author gets a message."""
        async with handling.transaction() as tx:
            form = await self._forms.get(tx, UUID(str(handling.event.payload["subject"])))
            if form is None or form.state != "done" or form.template.key != "task":
                return
            said = {p.item.key: p for p in form.points if p.state == "received"}
            what, who, due = said.get("what"), said.get("who"), said.get("due")
            if what is None or not what.words or who is None or not who.choice:
                reader = await self._readers.of_employee(form.holder_id)
                await self._notify(
                    tx, handling, form.holder_id, reader.say("task.gaps"), f"task.gaps:{form.id}"
                )
                return
            task_id = await self._tasks.from_form(
                tx,
                form.id,
                title=what.words,
                creator=form.holder_id,
                assignee=UUID(who.choice),
                due=due.day if due else None,
                branch=form.branch,
            )
            await audit.record(
                tx,
                action="task",
                actor_id=form.holder_id,
                actor_name=form.holder,
                subject=f"task:{task_id}",
                outcome="given",
                event_id=handling.event.id,
            )
            await refresh(tx, handling, Subject("task", task_id))

    @command("tasks")
    async def listing(self, handling: Handling, actor: Actor, said: str) -> None:
        """`/tasks`: list the person's own tasks, and those they gave to others."""
        p = handling.event.payload
        async with handling.transaction() as tx:
            reader = await self._readers.of_employee(actor.employee_id)
            text, rows = await self._list(tx, actor, reader)
            stored = await self._interactions.store(
                tx,
                outbox.stored_form(rows),
                group=f"tasks:{handling.event.id}",
                who=Who(employee_id=actor.employee_id),
                life=None,
            )
            reply_to = None if p["private"] else int(p["message_id"])
            await outbox.send(
                tx,
                handling.origin,
                int(p["chat_id"]),
                text,
                buttons=stored,
                reply_to=reply_to,
                key=handling.key("tasks"),
            )

    async def _list(
        self, tx: Tx, actor: Actor, reader: Reader
    ) -> tuple[Markup, list[list[Button]]]:
        tasks = await self._tasks.open_of(tx, actor.employee_id, LISTED)
        if not tasks:
            return reader.say("task.none"), []
        listed, rows = [reader.say("task.list", n=len(tasks))], list[list[Button]]()
        for number, task in enumerate(tasks, 1):
            until = reader.say("task.due", t=times.day_of(task.due)) if task.due else None
            due = html(" · {}", until) if until is not None else ""
            other = task.creator if task.assignee_id == actor.employee_id else task.assignee
            sign = "←" if task.assignee_id == actor.employee_id else "→"
            listed.append(html("{}. {}{} · {} {}", number, view.title(task), due, sign, other))
            label = f"{reader.label('b.task.done')} {number}"
            payload = SetTask(task_id=task.id, done=True, listed=True)
            rows.append([Button(label=label, payload=payload)])
        return lines(listed), rows

    @callback(SetTask)
    async def set_done(self, handling: Handling, actor: Actor, payload: SetTask) -> None:
        """Mark a task done or open, for its assignee, author or substitute, or a head."""
        verb = "done" if payload.done else "open"
        async with handling.transaction() as tx:
            task = await self._tasks.get(tx, payload.task_id, lock=True)
            if task is None:
                return
            allowed = await self._may_change(tx, actor, task)
            changed = allowed and await self._tasks.set_done(
                tx, task.id, by=actor.employee_id if payload.done else None
            )
            outcome = verb if changed else "nothing new" if allowed else "denied"
            await audit.record(
                tx,
                action="task",
                actor_id=actor.employee_id,
                actor_name=actor.name,
                subject=f"task:{task.id}",
                outcome=outcome,
                event_id=handling.event.id,
            )
            if changed:
                await refresh(tx, handling, Subject("task", task.id))
                if task.creator_id != actor.employee_id:
                    key = f"task.told.{verb}"
                    reader = await self._readers.of_employee(task.creator_id)
                    text = reader.say(key, who=actor.name, what=view.title(task))
                    await self._notify(tx, handling, task.creator_id, text, handling.key(key))
            if payload.listed:
                await self._refresh_list(tx, handling, actor)

    async def _may_change(self, tx: Tx, actor: Actor, task: Task) -> bool:
        substitute = await self._absences.substitute_of(
            tx, task.assignee_id, local_date(self._clock.now())
        )
        return (
            actor.employee_id in (task.assignee_id, task.creator_id, substitute)
            or actor.role in HEADS
        )

    async def _refresh_list(self, tx: Tx, handling: Handling, actor: Actor) -> None:
        """Update the list in which a task was marked."""
        p = handling.event.payload
        text, rows = await self._list(tx, actor, await self._readers.of_employee(actor.employee_id))
        stored = await self._interactions.store(
            tx,
            outbox.stored_form(rows),
            group=f"tasks:{handling.event.id}",
            who=Who(employee_id=actor.employee_id),
            life=None,
        )
        await outbox.edit(
            tx,
            handling.origin,
            int(p["chat_id"]),
            text,
            message_id=int(p["message_id"]),
            buttons=stored,
            key=handling.key("tasks"),
        )

    async def _notify(
        self, tx: Tx, handling: Handling, employee_id: UUID, text: Markup, key: str
    ) -> None:
        chat_id = await self._staff.telegram_of(employee_id)
        if chat_id is not None:
            await outbox.send(tx, handling.origin, chat_id, text, key=key)
