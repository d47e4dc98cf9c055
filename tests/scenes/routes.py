"""Which handlers each kind of event has."""

from __future__ import annotations

EXPECTED = {
    "rentprog.car.create": ["changed"], "rentprog.car.update": ["changed"], "rentprog.car.destroy": ["destroyed"],
    "rentprog.car.duplicate": ["duplicated"], "rentprog.client.create": ["changed"], "rentprog.client.update": ["changed"],
    "rentprog.client.destroy": ["destroyed"], "rentprog.client.duplicate": ["duplicated"],
    "rentprog.booking.create": ["changed"], "rentprog.booking.update": ["changed"], "rentprog.booking.destroy": ["destroyed"],
    "rentprog.booking.duplicate": ["duplicated"], "rentprog.duplicate": ["duplicated"], "rentprog.unreadable": ["unreadable"],
    "rentprog.reread": ["reread"],
    "car.created": ["link", "note", "touched"], "car.updated": ["note", "changed", "touched"], "car.moved": ["note", "changed", "touched", "begun", "moved"],
    "client.created": ["link", "note", "of_client"], "client.updated": ["note", "of_client"],
    "booking.created": ["note", "touched", "of_booking", "booking"], "booking.updated": ["note", "changed", "touched", "of_booking"], "booking.cancelled": ["note", "changed", "touched", "of_booking", "booking"],
    "booking.issued": ["note", "changed", "touched", "of_booking", "booking"], "booking.returned": ["note", "changed", "touched", "of_booking", "booking"],
    "approval.expired": ["expired"], "approval.settled": ["settled", "carried"], "form.asked": ["opens"], "approval.resume": ["resumed"],
    "check.rentprog.cars": ["queue"], "check.rentprog.bookings": ["queue"], "check.digest": ["send"], "check.audit.seal": ["seal"],
    "topic.made": ["made", "refused"], "topic.written": ["written", "refused"], "topic.refresh": ["refreshed"],
    "client.topic.refresh": ["client_due"], "task.topic.refresh": ["task_due"], "chat.registered": ["registered", "registered"],
    "absence.turn": ["turned"], "moves.progress": ["look"],
    "chat.joined": ["joined"], "chat.looked": ["looked"], "check.forums": ["check", "sweep"], "forum.looked": ["looked"],
    "message.employee": ["message", "message"], "ask.employee": ["command_line"], "callback.button": ["press"],
    "photo.uploaded": ["uploaded"], "media.removed": ["removed", "refused"], "forum.able": ["able"], "media.filed": ["filed"],
    "media.posted": ["posted", "posted"], "topic.due": ["due"], "archive.verified": ["verified"], "topic.deleted": ["deleted"],
    "staff.changed": ["of_person", "changed"], "check.members": ["check"], "members.looked": ["looked"], "member.invited": ["invited"],
    "member.removed": ["removed"],
    "form.due": ["due"], "media.loose": ["loose"], "form.finished": ["finished", "given", "away", "form"], "check.service.digest": ["digests"], "form.exported": ["exported"],
}  # fmt: skip
