"""The bookings role: bookings and debts."""

from jarvis.app.role import Role

ROLE = Role(
    name="bookings",
    summary=(
        "one booking, pick-ups, returns, overdue, conflicts, debts, who changed a booking; extend, "
        "change, note, cancel or create a booking"
    ),
    title={"ru": "брони", "en": "bookings", "ka": "ჯავშნები"},
    status={"ru": "Смотрю брони…", "en": "Looking at the bookings…", "ka": "ვნახულობ ჯავშნებს…"},
    agent="agent:bookings",
    completes="intents:continued",
)
