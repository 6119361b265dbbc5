"""Two processes of fifty writers and a reader on one SQLite file: goal 0 locked, readers' p99 ≤50 ms."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from bench.house import folder, is_quick, process, settings_in
from core.database import close_database, open_database
from core.migrating import migrate


async def measure() -> dict[str, Any]:
    place = settings_in(Path(tempfile.mkdtemp(dir=folder())))
    await open_database(place.database, ["core"])
    await migrate(place.database, ["core"])
    await close_database()
    seconds = 3 if is_quick() else 15
    with process("crowd", place, FAULT_SECONDS=seconds) as one, process("crowd", place, FAULT_SECONDS=seconds) as two:
        codes = [await crowd.end(within=seconds + 60) for crowd in (one, two)]
        said = [json.loads(crowd.said()[-1]) for crowd in (one, two)]
        locked = sum(crowd.log.read_text().count("locked") for crowd in (one, two))
    return {
        "goal": {"locked": 0, "p99_ms": 50}, "locked": locked, "exit": codes,
        "p99_ms": round(max(one["p99_ms"] for one in said), 1),
        "transactions_per_s": round(sum(one["written"] for one in said) / seconds),
    }  # fmt: skip
