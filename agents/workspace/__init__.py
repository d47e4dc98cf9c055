"""The workspace role: check-lists, material, topics, staff, branches."""

from jarvis.app.role import Role

ROLE = Role(
    name="workspace",
    summary=(
        "check-lists: begin one, how far they are; photos and material of a car; the topic of a "
        "car and words into it; what a service chat hears; a colleague's role, or the "
        "branch they work in; hiring, a new branch"
    ),
    title={"ru": "хозяйство", "en": "workspace", "ka": "შიდა საქმეები"},
    status={"ru": "Смотрю хозяйство…", "en": "Looking into the house…", "ka": "ვნახულობ საქმეებს…"},
    agent="agent:workspace",
)
