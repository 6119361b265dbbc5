"""What another member of staff may do: known one floor up, asked here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.principal import Principal

Ask = Callable[[int], Awaitable[Principal]]
_ask: Ask | None = None


def use_rights(ask: Ask) -> None:
    """`access` says what a person may do."""
    global _ask
    _ask = ask


async def rights_of(person_id: int) -> Principal | None:
    """None where nobody can say, because only lower rooms are loaded."""
    return await _ask(person_id) if _ask else None
