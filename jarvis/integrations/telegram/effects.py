"""Carries Telegram's effects, within the limits of its chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, EffectHandler, Lane, Receipt, TargetLimit
from jarvis.engine.limits import Limit
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.kinds import DOWNLOAD, EDIT, SEND
from jarvis.integrations.telegram.settings import TelegramSettings
from jarvis.kit.errors import NotFound


class TelegramEffects:
    """Handlers of Telegram's effects."""

    def __init__(self, db: Database, gateway: TelegramGateway, settings: TelegramSettings) -> None:
        self._db = db
        self._gateway = gateway
        self._settings = settings

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {SEND.name: self.send, EDIT.name: self.edit}

    async def send(self, effect: Effect) -> Receipt:
        """A new message; `after` is noted before the first attempt, so that an ambiguous one can be found again."""
        args = effect.args
        chat_id = int(args["chat_id"])
        after: int = await self._db.fetchval(
            """UPDATE effect SET args = args || jsonb_build_object('after', coalesce((args->>'after')::bigint, (
                 SELECT max(n) FROM (
                   SELECT max((receipt->>'message_id')::bigint) AS n FROM effect
                    WHERE target = $2 AND state = 'done' AND receipt ? 'message_id'
                   UNION ALL SELECT max(last_seen_message) FROM chat
                    WHERE CASE WHEN $3::bigint > 0 THEN kind = 'private' ELSE marked_id = $3::bigint END) known), 0))
                WHERE id = $1 RETURNING (args->>'after')::bigint""",
            effect.id, effect.target, chat_id,
        )  # fmt: skip
        message_id = await self._gateway.send(
            effect.id, chat_id, str(args["text"]), buttons=_buttons(args), reply_to=args.get("reply_to"),
            attempt=effect.attempt, after=after or 0,
        )  # fmt: skip
        return Receipt(facts={"chat_id": chat_id, "message_id": message_id})

    async def edit(self, effect: Effect) -> Receipt:
        """Change the message that another effect sent; if that one never arrived, send it now."""
        args = effect.args
        chat_id = int(args["chat_id"])
        message_id: int | None = args.get("message_id")
        if message_id is None:
            receipt = await self._db.fetchval("SELECT receipt FROM effect WHERE id = $1 AND state = 'done'", UUID(str(args["of"])))
            message_id = None if receipt is None else int(receipt["message_id"])
        if message_id is None:
            return await self.send(effect)
        try:
            await self._gateway.edit(chat_id, message_id, str(args["text"]), buttons=_buttons(args))
        except NotFound:
            return await self.send(effect)
        return Receipt(facts={"chat_id": chat_id, "message_id": message_id})

    def limits(self, effect: Effect) -> Sequence[TargetLimit]:
        """A message a second to a person; a group's minute keeps some messages for what is urgent."""
        if effect.kind == DOWNLOAD.name:
            return ()
        chat_id = int(effect.args["chat_id"])
        if chat_id > 0:
            return (TargetLimit(suffix="s", limit=Limit(calls=2, period_s=1, burst=8)),)
        whole, kept = self._settings.group_per_minute, self._settings.group_urgent_reserve
        return (
            TargetLimit(
                suffix="normal", from_lane=Lane.NORMAL, limit=Limit(calls=whole - kept, period_s=60, burst=(whole - kept) // 2)
            ),
            TargetLimit(suffix="all", limit=Limit(calls=whole, period_s=60, burst=whole // 2)),
        )


def _buttons(args: Mapping[str, Any]) -> Sequence[Sequence[Mapping[str, str]]]:
    return args.get("buttons") or ()
