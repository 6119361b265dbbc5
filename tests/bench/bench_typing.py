"""From a keystroke to the list under the search field at 10,000 Japanese documents, over ASGI in this process.

The documents are the shared Japanese sets, long articles cut into parts; the keystrokes are real questions typed letter
by letter. Each answer is the whole of `/help/suggest`: reading, ranking, the rows, the marks, the template. Goal: p95
≤50 ms.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.bench_search import folder as data
from bench.house import folder, is_quick, settings_in, spread
from core import logs
from core.database import close_database, open_database, transaction
from core.migrating import migrate

DOCUMENTS, PART, BATCH = 10_000, 450, 200
QUESTIONS, LETTERS = 40, 20
SETS = ("msdocs-faq-ja", "jsquad-valid", "msdocs-articles-ja")


async def measure() -> dict[str, Any]:
    from app import rooms
    from app.web import make_app
    from search import Document, analyse, put

    root = data(SETS[0]).parent
    logs.set_up("json")
    settings = settings_in(folder() / "typing")
    await open_database(settings.database, rooms.with_models())
    await migrate(settings.database, rooms.with_models())
    application = make_app(with_runner=False)
    application.app.on_startup.clear()
    application.app.on_shutdown.clear()
    try:
        count, began = 1_000 if is_quick() else DOCUMENTS, time.perf_counter()
        texts = [one for one, _ in zip(documents(root), range(count), strict=False)]
        for start in range(0, len(texts), BATCH):
            some = [await analyse(Document(kind="article", id=start + n + 1, lang="ja", title=title, body=body,
                                           audience={"public"}, url=f"/help/{start + n + 1}"))
                    for n, (title, body) in enumerate(texts[start : start + BATCH])]  # fmt: skip
            async with transaction():
                for one in some:
                    await put(one)
        indexed = time.perf_counter() - began
        worked = time.process_time()
        times, by_length = await typed(application, questions(root))
        cpu = (time.process_time() - worked) / len(times) * 1000
        return {"goal": {"p95_ms": 50}, "documents": len(texts), "index_s": round(indexed, 1),
                "keystrokes": len(times), **spread(times, (0.5, 0.95, 0.99)), "cpu_ms": round(cpu, 1),
                "p95_ms_by_letters": by_length}  # fmt: skip
    finally:
        await close_database()


def documents(root: Path) -> Iterator[tuple[str, str]]:
    """(title, text): real ones, the long ones in parts."""
    for name in SETS:
        for line in (root / name / "corpus.jsonl").read_text().splitlines():
            entry = json.loads(line)
            title, body = entry.get("title") or "", entry.get("body") or entry.get("text") or ""
            for n, at in enumerate(range(0, max(1, len(body)), PART)):
                part = body[at : at + PART]
                yield (title or part[:40]) if n == 0 else f"{title or part[:30]} ({n + 1})", part


def questions(root: Path) -> list[str]:
    lines = [json.loads(line)["text"] for name in SETS[:2]
             for line in (root / name / "queries.jsonl").read_text().splitlines()]  # fmt: skip
    return lines[:: max(1, len(lines) // QUESTIONS)][:QUESTIONS]


async def typed(application: Any, asked: list[str]) -> tuple[list[float], dict[str, float]]:
    """Seconds of each keystroke, and the 95th percentile by how much stands there."""
    from bench.bench_pages import ask

    times: list[float] = []
    lengths: dict[str, list[float]] = {"1-2": [], "3-6": [], "7-20": []}
    await ask(application, "/help/suggest", query=f"q={quote('設定')}")
    for question in asked:
        for n in range(1, min(len(question), LETTERS) + 1):
            began = time.perf_counter()
            status, _body = await ask(application, "/help/suggest", query=f"q={quote(question[:n])}")
            assert status == 200, status
            times.append(time.perf_counter() - began)
            lengths["1-2" if n < 3 else "3-6" if n < 7 else "7-20"].append(times[-1])
    return times, {name: spread(some, (0.95,))["p95_ms"] for name, some in lengths.items() if some}
