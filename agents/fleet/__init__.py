"""The fleet role: cars."""

from jarvis.app.role import Role

ROLE = Role(
    name="fleet",
    summary=(
        "where a car is, who has it, what is free, repair, state, mileage; move a car, not a "
        "colleague, to another branch, change its state"
    ),
    title={"ru": "автопарк", "en": "fleet", "ka": "ავტოპარკი"},
    status={"ru": "Смотрю машины…", "en": "Looking at the cars…", "ka": "ვნახულობ მანქანებს…"},
    agent="agent:fleet",
)
