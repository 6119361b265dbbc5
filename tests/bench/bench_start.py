"""`engawa serve` with everything in one process: seconds to the first answer (goal ≤4), memory (goal ≤400 MB)."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.house import answered, cpu_seconds, demo, free_port, is_quick, memory_mb, process

PATHS = ("/", "/help", "/community", "/help/search?q=%E6%9C%89%E7%B5%A6", "/sitemap.xml", "/readyz")


async def measure() -> dict[str, Any]:
    place = demo()
    starts = [await one(place) for _ in range(1 if is_quick() else 3)]
    return {
        "goal": {"start_s": 4, "memory_mb": 400},
        **{name: round(median(start[name] for start in starts), 2) for name in starts[0]},
    }


async def one(place: Any) -> dict[str, float]:
    port = free_port()
    with process("serve", place, ENGAWA_PORT=port) as web:
        seconds = await answered(port)
        cpu, empty = cpu_seconds(web.pid), memory_mb(web.pid)
        for path in PATHS * 5:
            await answered(port, path)
        return {"start_s": seconds, "start_cpu_s": cpu, "memory_at_start_mb": empty, "memory_mb": memory_mb(web.pid)}
