"""From bodies to records: in the order in which they came, each with what became of its rows."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from core.clock import now
from core.context import Here, enter, here
from core.database import lock, rows, transaction, write
from core.errors import Refused
from core.i18n import _
from core.principal import SYSTEM
from customers.imports.rows import Outcome
from customers.incoming.paths import mapped, read_body, rows_in
from customers.models import IncomingBody, IncomingHook
from customers.upserts import upsert_many

KEPT = 50  # rows of a body whose outcome is told one by one
AT_ONCE = 200  # bodies of one job


async def work(hook_id: int) -> bool:
    """Work on what waits; True when more is left. One process at a time for each hook, because order matters."""
    hook = await IncomingHook.get_or_none(id=hook_id)
    if hook is None or not hook.is_on:
        return False
    enter(Here(principal=SYSTEM, language=here().language, time_zone=here().time_zone))
    for _turn in range(AT_ONCE):
        async with transaction():
            await lock(f"customers.incoming:{hook_id}")
            waiting = await IncomingBody.filter(hook_id=hook_id, state="waiting").order_by("id").first()
            if waiting is None:
                return False
            await _take(hook, waiting)
    return True


async def _take(hook: IncomingHook, one: IncomingBody) -> None:
    """One body, in the open transaction: its records and its own state are committed together."""
    try:
        outcomes = await outcomes_of(hook, one)
    except Refused as refused:
        await _end(one, "failed", {}, [], refused.sentence)
        return
    counts = Counter(outcome.outcome for outcome in outcomes)
    told = [[o.number, o.outcome, o.reason[:300]] for o in outcomes if o.outcome in {"refused", "review"}][:KEPT]
    error = next((o.reason for o in outcomes if o.outcome == "refused"), "")
    await _end(one, "failed" if error else "done", dict(counts), told, error)


async def outcomes_of(hook: IncomingHook, one: IncomingBody, *, dry: bool = False) -> list[Outcome]:
    """What becomes, or would become, of a body's records. Raises Refused."""
    if not hook.mapping:
        raise Refused(_("No field is mapped yet."))
    records = rows_in(read_body(one.body.encode(), one.content_type), hook.list_path)
    return await upsert_many(hook.kind, hook.source, [mapped(record, hook.mapping) for record in records], dry=dry)


async def _end(one: IncomingBody, state: str, counts: dict[str, int], told: list[Any], error: str) -> None:
    await write("UPDATE incoming_body SET state = ?, counts = ?, outcomes = ?, error = ?, worked_at = ? WHERE id = ?",
                state, counts, told, error[:300], now(), one.id)  # fmt: skip


async def forget_old(days: int = 30) -> None:
    """Bodies are kept for a month after they were worked on."""
    await write("DELETE FROM incoming_body WHERE state <> 'waiting' AND received_at < ?", now() - timedelta(days=days))


async def waiting_count(hook_id: int) -> int:
    found = await rows("SELECT COUNT(*) FROM incoming_body WHERE hook_id = ? AND state = 'waiting'", hook_id)
    return int(found[0][0])
