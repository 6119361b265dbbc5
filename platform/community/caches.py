"""What a process may remember for a moment: who is an ambassador, the community's numbers, what is related, views."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

_kept: dict[Any, tuple[float, Any]] = {}
views: Counter[int] = Counter()
MOST = 4000


async def kept(key: Any, seconds: float, ask: Callable[[], Awaitable[Any]]) -> Any:
    """`ask()`'s answer, at most `seconds` old. For nothing that permission hangs on."""
    moment = time.monotonic()
    found = _kept.get(key)
    if found is not None and found[0] > moment:
        return found[1]
    answer = await ask()
    if len(_kept) >= MOST:
        _kept.clear()
    _kept[key] = (moment + seconds, answer)
    return answer


def forget_all() -> None:
    from community import fragments

    _kept.clear()
    views.clear()
    fragments.forget()
