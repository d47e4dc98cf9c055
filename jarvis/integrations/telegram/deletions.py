"""Our own deletions in groups, passed to the client in the group's own sequence of updates.

Telethon 1.45 counts the result of any deletion in the account's sequence
(`MTProtoSender._store_own_updates`). A group's pts taken for the account's can make the next
private message look like one already seen; so these requests return updates of the group.
"""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportIncompatibleMethodOverride=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from telethon.tl import functions, types


class DeleteMessagesInGroup(functions.channels.DeleteMessagesRequest):
    """Removes messages of a supergroup."""

    def read_result(self, reader: Any) -> Any:
        """The update that says so."""
        return _as_group_update(self.channel.channel_id, self.id, reader.tgread_object())


class DeleteTopicInGroup(functions.messages.DeleteTopicHistoryRequest):
    """Removes a topic with its messages; `offset` above 0 asks for another call."""

    offset = 0

    def read_result(self, reader: Any) -> Any:
        """The update that says so."""
        affected = reader.tgread_object()
        self.offset = affected.offset
        return _as_group_update(self.peer.channel_id, [self.top_msg_id], affected)


def _as_group_update(channel: int, ids: Sequence[int], affected: Any) -> Any:
    update = types.UpdateDeleteChannelMessages(channel, list(ids), affected.pts, affected.pts_count)
    return types.UpdateShort(update, datetime.fromtimestamp(0, UTC))
