"""A newsletter of 39 KB to a sink in another process: messages a second and CPU per message (reported)."""

from __future__ import annotations

from typing import Any

from bench.house import is_quick


async def measure() -> dict[str, Any]:
    from bench.sending import bench

    return await bench(300 if is_quick() else 10_000)
