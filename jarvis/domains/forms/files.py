"""Files that employees send for the form that they are filling in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from jarvis.domains.bookings.models import Booking
from jarvis.domains.forms import view as render
from jarvis.domains.forms.messages import FormMessages
from jarvis.domains.forms.payloads import BeginForm
from jarvis.domains.forms.photos import FormPhotos
from jarvis.domains.forms.service import FormService
from jarvis.domains.forms.templates import template
from jarvis.domains.media.claims import Claim, FileClaims
from jarvis.domains.media.service import MediaService
from jarvis.engine.db import Tx
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.roles import BRANCH_STAFF
from jarvis.messaging import outbox
from jarvis.messaging.view import Button

FORM_PHOTOS = frozenset({"photo", "image", "video"})


class FormFiles:
    """Claims files for open forms while media stores them."""

    provides: ClassVar[tuple[type, ...]] = (FileClaims,)

    def __init__(
        self, media: MediaService, forms: FormService, photos: FormPhotos, messages: FormMessages
    ) -> None:
        self._media = media
        self._forms = forms
        self._photos = photos
        self._messages = messages

    async def claim(
        self, tx: Tx, actor: Actor, file: Mapping[str, Any], album: str | None, car_id: UUID | None
    ) -> Claim | None:
        """Return the claim of the employee's active form on a file that was sent in private or
        in the topic of the form's car, or None."""
        if file["kind"] not in FORM_PHOTOS:
            return None
        form = await self._forms.live_of(tx, actor.employee_id)
        if form is None or (car_id is not None and car_id != form.car_id):
            return None
        form = await self._forms.get(tx, form.id, lock=True) or form
        point = await self._photos.point_for(tx, form, album)
        if point is None:
            return None
        return Claim(form_id=form.id, item=point.item.key, private=point.item.private)

    async def add_photo(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        claim: Claim,
        item: UUID,
        album: str | None,
        caption: str,
    ) -> None:
        """Add a claimed file to its point."""
        form = await self._forms.get(tx, claim.form_id, lock=True)
        assert form is not None
        await self._photos.add(
            tx, form, claim.item, item, album=album, caption=caption, by=actor.employee_id
        )
        await self._messages.show(tx, handling, form.id)

    async def update(self, tx: Tx, handling: Handling, form_id: UUID) -> None:
        """Update the form's message after a file was stored."""
        await self._messages.show(tx, handling, form_id)

    async def refuse(self, tx: Tx, handling: Handling, item: UUID, reason: str) -> bool:
        """Reject the point of a file that was not accepted; return False if no form had claimed
        it."""
        form_id = await self._photos.refuse(tx, item, f"{render.REFUSED_FILES}{reason}")
        if form_id is not None:
            await self._messages.show(tx, handling, form_id)
        return form_id is not None

    async def join(
        self, tx: Tx, handling: Handling, actor: Actor, form_id: UUID, set_id: UUID | None
    ) -> None:
        """Add files that were sent before the check-list was opened."""
        found = await self._media.get(tx, set_id, lock=True) if set_id else None
        if found is None or found.state != "open" or found.form_id is not None:
            return
        form = await self._forms.get(tx, form_id, lock=True)
        point = (
            await self._photos.point_for(tx, form, None)
            if form is not None and form.state == "open"
            else None
        )
        if form is None or point is None:
            return
        for item in await self._media.join(tx, found.id, form_id, private=point.item.private):
            form = await self._forms.get(tx, form_id) or form
            await self._photos.add(
                tx, form, point.item.key, item, album=str(set_id), caption="", by=actor.employee_id
            )
        if found.asked is not None:
            reader = await self._messages.reader(actor.employee_id)
            text = reader.say(
                "form.moved", what=render.name(await self._messages.context(form, reader))
            )
            await outbox.edit(
                tx,
                handling.origin,
                found.sender_id,
                text,
                of=found.asked,
                key=handling.key("form.join"),
            )

    def offer_button(
        self, actor: Actor, label: str, operation: str, booking: Booking, set_id: UUID
    ) -> Button | None:
        """Return a button that opens the check-list of a booking with files sent before, or None
        if the employee may not fill it in."""
        if actor.role not in BRANCH_STAFF:
            return None
        payload = BeginForm(template=template(operation).key, subject=booking.id, set_id=set_id)
        return render.button(label, payload)
