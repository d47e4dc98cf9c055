"""Kinds of effects that Telegram carries. Light on purpose: processes that only ask for effects
need no Telethon."""

from __future__ import annotations

from jarvis.engine.effects import EffectKind

SEND, EDIT, DOWNLOAD, TOPIC_CREATE, TOPIC_EDIT, PIN = (
    EffectKind(name=f"telegram.{name}", system="telegram", effect_class="B")
    for name in ("send", "edit", "download", "topic_create", "topic_edit", "pin")
)
# only reads: a repeat is harmless
LOOK = EffectKind(name="telegram.look", system="telegram", effect_class="A")
# what is gone stays gone
DELETE = EffectKind(name="telegram.delete", system="telegram", effect_class="A")
ALBUM = EffectKind(name="telegram.album", system="telegram", effect_class="B")
TOPIC_DELETE = EffectKind(name="telegram.topic_delete", system="telegram", effect_class="A")
MEMBERS = EffectKind(name="telegram.members", system="telegram", effect_class="A")  # only reads
# who is out stays out
REMOVE_MEMBER = EffectKind(name="telegram.remove_member", system="telegram", effect_class="A")
# a link that nobody was given lets nobody in
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
# the cause of a look at a group that was deleted or that the bot was removed from
CHAT_LOST = "the bot is not in the group"
# what the bot is to be given in a group
RIGHTS = ("manage_topics", "delete_messages", "pin_messages", "invite_users", "ban_users")
# one stands in the cause of an effect for which a right is missing
NO_RIGHT = ("CHAT_ADMIN_REQUIRED", "MESSAGE_DELETE_FORBIDDEN")
# the cause of an effect that met a deleted topic; Telegram was asked before it is believed
TOPIC_GONE = "the topic is gone"


def target(chat_id: int) -> str:
    """The name under which a chat's effects and limits are kept."""
    return f"telegram:{chat_id}"
