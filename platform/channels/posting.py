"""A row of a ledger that Slack is asked to post at most once: wait, the channel's turn, one attempt, its end.

Slack knows no retry key. So a row is claimed (`attempting`) before it leaves, and who died between the attempt and its
answer does not post again: what may have arrived ends as `uncertain`, and its room says what follows from that.
A room's ledger has a table with id, state, reason and settled_at, and a job that leads here:

    @job(attempts=posting.ATTEMPTS, timeout=posting.TIMEOUT)
    async def deliver(post_id: int, attempt: int = 1) -> str:
        return await posting.post_once(Post(await …), attempt)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Any, ClassVar

from channels import slack
from channels.outcomes import NotAccepted, SendingFailed, TryLater
from core.clock import now
from core.database import transaction, write

ATTEMPTS = 5
TIMEOUT = 90.0  # seconds for one run of a room's job: longer than Slack's client waits
ON_ITS_WAY = ("waiting", "attempting")
SETTLED = "settled already"
STOPPED = "the sender stopped before the answer"


class Unposted(Exception):
    """It does not leave any more: the row's last state, and the reason."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state, self.reason = state, reason


class Row(ABC):
    """One row, and what only its room knows of it."""

    table: ClassVar[str]
    id: int
    state: str

    @abstractmethod
    async def address(self) -> tuple[int, str]:
        """(connection, channel), as things stand when its turn may have come. Raises Unposted."""

    @abstractmethod
    async def message(self) -> tuple[str, list[dict[str, Any]]]:
        """(what the phone's notification says, blocks)"""

    @abstractmethod
    async def promise(self, attempt: int, due: datetime) -> None:
        """The room's job again, inside the caller's transaction."""

    async def ahead(self) -> int:
        """How many rows of the channel go first: each comes in its own second, not all in every one."""
        return 0

    @abstractmethod
    async def settled(self, state: str, reason: str) -> None:
        """What else its end means, in the transaction that writes it."""


async def post_once(row: Row, attempt: int) -> str:
    """One attempt; returns what became of it."""
    if row.state not in ON_ITS_WAY:
        return SETTLED
    if row.state == "attempting":
        return await settle(row, "uncertain", STOPPED)
    try:
        address = await row.address()
    except Unposted as ended:
        return await settle(row, ended.state, ended.reason)
    return await _claim(row, address, attempt) or await _post(row, address, attempt)


async def _claim(row: Row, address: tuple[int, str], attempt: int) -> str:
    """Empty when this second of the channel, and the row, are ours."""
    async with transaction():
        until = await slack.take_turn(*address)
        if until is not None:
            await row.promise(attempt, until + slack.EVERY * await row.ahead())
            return "the channel is busy"
        won = await _move(row, "waiting", "attempting")
    return "" if won else "another has it"


async def _post(row: Row, address: tuple[int, str], attempt: int) -> str:
    text, blocks = await row.message()
    try:
        await slack.post(*address, text, blocks=blocks, key=f"{row.table}:{row.id}")
    except TryLater as later:
        if attempt >= ATTEMPTS:
            return await settle(row, "failed", later.reason)
        async with transaction():
            if await _move(row, "attempting", "waiting"):
                await row.promise(attempt + 1, now() + timedelta(seconds=later.seconds))
        return "later"
    except SendingFailed as failed:
        return await settle(row, "failed" if isinstance(failed, NotAccepted) else "uncertain", failed.reason)
    return await settle(row, "sent", "")


async def _move(row: Row, before: str, after: str) -> bool:
    return bool(await write(f"UPDATE {row.table} SET state = ? WHERE id = ? AND state = ? RETURNING id",
                            after, row.id, before))  # fmt: skip


async def settle(row: Row, state: str, reason: str) -> str:
    """The one final state, and what follows from it, written together."""
    async with transaction():
        won = await write(
            f"UPDATE {row.table} SET state = ?, reason = ?, settled_at = ? WHERE id = ? AND state IN (?, ?)"
            " RETURNING id", state, reason[:300], now(), row.id, *ON_ITS_WAY,
        )  # fmt: skip
        if won:
            await row.settled(state, reason)
    return state if won else SETTLED
