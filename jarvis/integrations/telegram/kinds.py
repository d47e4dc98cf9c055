"""Kinds of effects that Telegram carries. Imports no Telethon: processes that only request effects
do not need it."""

from __future__ import annotations

from jarvis.engine.effects import EffectKind

SEND, EDIT, DOWNLOAD, TOPIC_CREATE, TOPIC_EDIT, PIN = (
    EffectKind(name=f"telegram.{name}", system="telegram", effect_class="B")
    for name in ("send", "edit", "download", "topic_create", "topic_edit", "pin")
)
# only reads: a repeat is harmless
LOOK = EffectKind(name="telegram.look", system="telegram", effect_class="A")
# deleting again changes nothing
DELETE = EffectKind(name="telegram.delete", system="telegram", effect_class="A")
ALBUM = EffectKind(name="telegram.album", system="telegram", effect_class="B")
TOPIC_DELETE = EffectKind(name="telegram.topic_delete", system="telegram", effect_class="A")
MEMBERS = EffectKind(name="telegram.members", system="telegram", effect_class="A")  # only reads
# removing again changes nothing
REMOVE_MEMBER = EffectKind(name="telegram.remove_member", system="telegram", effect_class="A")
# an unused link has no effect
LET_IN = EffectKind(name="telegram.let_in", system="telegram", effect_class="A")
KINDS = (
    SEND,
    EDIT,
    DOWNLOAD,
    TOPIC_CREATE,
    TOPIC_EDIT,
    TOPIC_DELETE,
    PIN,
    LOOK,
    DELETE,
    ALBUM,
    MEMBERS,
    REMOVE_MEMBER,
    LET_IN,
)
# the cause when a group was deleted or the bot was removed from it
CHAT_LOST = "the bot is not in the group"
# rights that the bot needs in a group
RIGHTS = ("manage_topics", "delete_messages", "pin_messages", "invite_users", "ban_users")
# the cause of an effect for which a right is missing names it
NO_RIGHT = ("CHAT_ADMIN_REQUIRED", "MESSAGE_DELETE_FORBIDDEN")
# the cause of an effect on a deleted topic, as verified with Telegram
TOPIC_GONE = "the topic is gone"


def target(chat_id: int) -> str:
    """The target of a chat in effects and limits."""
    return f"telegram:{chat_id}"
