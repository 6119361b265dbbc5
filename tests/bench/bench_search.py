"""Search on `jsquad-valid`, through the product's own code: goal R@10 ≥.975."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bench.house import Skipped, is_quick


async def measure() -> dict[str, Any]:
    from search.evaluate import evaluate

    data = next((found for found in places() if found.exists()), None)
    if data is None:
        raise Skipped("the shared data is absent; set ENGAWA_SHARED_DATA")
    if is_quick():
        raise Skipped("takes a minute")
    return {"goal": {"R@10": 0.975}, **await evaluate(data)}


def places() -> list[Path]:
    given = os.environ.get("ENGAWA_SHARED_DATA")
    beside = [parent / "shared" / "data" for parent in Path(__file__).resolve().parents[2:6]]
    return [root / "search" / "jsquad-valid" for root in ([Path(given)] if given else beside)]
