"""`engawa demo`: loads the demo company once, and says where it is and as whom to look around."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from app.demo import (
    announcement,
    articles,
    community,
    company,
    endings,
    goals,
    guides,
    journeys,
    newsletter,
    pictures,
    requests,
    reviews,
    searches,
    talks,
    tasks,
    trial,
)
from app.demo.files import Known
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from core.runner import Runner
from core.settings import SettingsError, settings
from customers.noticing import rounds

log = logging.getLogger("engawa.demo")
STEPS: list[tuple[str, Callable[[Known], Awaitable[Any]]]] = [
    ("company, accounts, people, contracts, sixty days of use", company.load),
    ("goals of companies", goals.load),
    ("what is to be done about them", tasks.load),
    ("help articles", articles.load),
    ("pictures in them", pictures.in_articles),
    ("community", community.load),
    ("the bot's pilot", trial.load),
    ("conversations", talks.load),
    ("newsletter", newsletter.load),
    ("an announcement on LINE", announcement.load),
    ("a journey", journeys.load),
    ("searches", searches.load),
    ("guides", guides.load),
    ("what customers ask of the product", requests.load),
    ("contracts that ended", endings.load),
    ("business reviews", reviews.load),
]


async def load_once() -> int:
    """Load everything on an empty database; a second start finds its note and keeps the data."""
    found = await rows("SELECT value FROM note WHERE name = 'demo'")
    if found:
        state = json.loads(found[0][0]) if isinstance(found[0][0], str) else found[0][0]
        if not state.get("loaded"):
            raise SettingsError(
                f"The demo was interrupted while loading. Delete {settings().data_dir} and start again."
            )
        return 0
    enter(Here(principal=SYSTEM, language="ja", time_zone=settings().time_zone))
    await _remember({"loaded": False})
    known = Known()
    for name, step in STEPS:
        began = time.perf_counter()
        await step(known)
        print(f"  {name} ({time.perf_counter() - began:.1f} s)", file=sys.stderr, flush=True)
    await _settle()
    await _time_passes()
    await _remember({"loaded": True, "sign_ins": await company.sign_ins(known)})
    return 0


async def _remember(value: dict[str, Any]) -> None:
    await write("INSERT INTO note (name, value, changed_at) VALUES ('demo', ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value", value, now())  # fmt: skip


async def _settle() -> None:
    """Run what the verbs promised (search, notices, points), so that the first page is complete."""
    began = time.perf_counter()
    runner = Runner({"default": 4, "bulk": 2, "long": 1})
    await runner.start()
    try:
        await runner.idle(timeout=300)
    finally:
        await runner.stop()
    print(f"  what was promised meanwhile ({time.perf_counter() - began:.1f} s)", file=sys.stderr, flush=True)


async def _time_passes() -> None:
    """What nobody read at the bell is in the mailbox already."""
    await rounds.begin(now() + timedelta(minutes=11))
    await _settle()


async def welcome() -> str:
    """Addresses and sign-ins, as the terminal shows them."""
    found = await rows("SELECT value FROM note WHERE name = 'demo'")
    state = json.loads(found[0][0]) if isinstance(found[0][0], str) else found[0][0]
    url = settings().url
    lines = ["", f"  Engawa is at {url}", f"  Staff begin at {url}/staff", "", "  Sign in as"]
    lines += [f"    {who:<11} {email:<42} {password}" for who, email, password in state["sign_ins"]]
    return "\n".join([*lines, ""])
