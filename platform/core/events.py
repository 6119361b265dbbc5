"""Facts told upward: `await announce(AnswerAccepted(thread_id=1))` is one row in the caller's transaction.

The runner, which has every room loaded through `app`, fans it out as one promise per listener (`@on`); a command
line that loaded only lower rooms therefore loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from core import ring
from core.clock import now
from core.database import write
from core.jobs import Job, job


class Event(msgspec.Struct, frozen=True):
    """A fact, in the past tense, with ids only."""


_listeners: dict[str, list[Job]] = {}


def fact_name(kind: type[Event]) -> str:
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def on(kind: type[Event], **options: Any) -> Callable[[Callable[[Any], Awaitable[None]]], Job]:
    """Register an async function of the event as a job that runs once for each such fact."""

    def register(listener: Callable[[Any], Awaitable[None]]) -> Job:
        async def hear(**body: Any) -> None:
            await listener(msgspec.convert(body, kind))

        hear.__module__, hear.__name__ = listener.__module__, listener.__name__
        hear.__wrapped__ = listener  # type: ignore[attr-defined]
        heard = job(hear, **options)
        known = _listeners.setdefault(fact_name(kind), [])
        if heard not in known:
            known.append(heard)
        return heard

    return register


async def announce(event: Event) -> None:
    """Write the fact; call it inside the transaction that makes it true."""
    body = json.dumps(msgspec.to_builtins(event), ensure_ascii=False)
    await write(
        "INSERT INTO fact (name, body, created_at, is_told) VALUES (?, ?, ?, ?)",
        fact_name(type(event)), body, now(), False,
    )  # fmt: skip
    ring.after_commit()


def listeners_of(name: str) -> list[Job]:
    return _listeners.get(name, [])
