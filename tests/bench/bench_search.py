"""Search through the product's own code: quality beside other engines on the same tokens, and what it costs.

Sizes are made of jsquad-valid's paragraphs told again with a word of their own, so that nothing is a copy.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.house import Skipped, is_quick
from bench.rivals import RIVALS

SIZES = (10_000, 60_000)
QUERIES = 200
PUBLIC = frozenset({"public"})


async def measure() -> dict[str, Any]:
    from search.evaluate import Plan, evaluate, read

    if is_quick():
        raise Skipped("takes minutes")
    sets = {name: folder(name) for name in ("jsquad-valid", "msdocs-faq-ja", "stackfaq-en", "banking77-en")}
    found: dict[str, Any] = {"goal": {"jsquad-valid": {"R@1": 0.91, "R@10": 0.983}, "p95_cpu_ms": [10, 30], "MB": 150}}
    for name in ("jsquad-valid", "msdocs-faq-ja", "stackfaq-en", "banking77-en"):
        found[name] = {"engawa": await evaluate(sets[name])}
        if name in ("jsquad-valid", "msdocs-faq-ja"):
            found[name] |= rivals(read(sets[name]))
    found["stackfaq-en +5"] = {"engawa": await evaluate(sets["stackfaq-en"], Plan(phrasings=5))}
    dataset = read(sets["jsquad-valid"])
    for size in SIZES:
        found[f"{size} documents"] = sized(dataset, size)
    found["update"] = await update(dataset)
    return found


def folder(name: str) -> Path:
    given = os.environ.get("ENGAWA_SHARED_DATA")
    beside = [parent / "shared" / "data" for parent in Path(__file__).resolve().parents[2:6]]
    for root in [Path(given)] if given else beside:
        if (root / "search" / name).exists():
            return root / "search" / name
    raise Skipped("the shared data is absent; set ENGAWA_SHARED_DATA")


def rivals(dataset: Any) -> dict[str, dict[str, float] | str]:
    """R@k of the other engines, on the tokens of our own analysis: title and body as one text."""
    from search.analysis import words

    numbers: dict[str, int] = {}

    def tokens(text: str) -> list[int]:
        return [numbers.setdefault(word.term, len(numbers)) for word in words(text)]

    documents = [tokens(f"{entry.title}\n{entry.body}") for entry in dataset.corpus]
    asked = [question for question in dataset.questions if question.id in dataset.relevant]
    queries = [list(dict.fromkeys(tokens(question.text))) for question in asked]
    names = [entry.id for entry in dataset.corpus]
    found: dict[str, dict[str, float] | str] = {}
    for name, engine in RIVALS.items():
        try:
            places = engine(documents, queries)
        except ModuleNotFoundError as missing:
            found[name] = f"there is no {missing.name}"
            continue
        ranks = [
            next((n for n, place in enumerate(one, 1) if names[place] in dataset.relevant[question.id]), 99)
            for one, question in zip(places, asked, strict=True)
        ]
        found[name] = {f"R@{k}": round(sum(rank <= k for rank in ranks) / len(ranks), 4) for k in (1, 3, 10)}
    return found


def sized(dataset: Any, size: int) -> dict[str, float]:
    """Analysis on one thread, the snapshot's memory, and CPU from query to ranked places, clean and spoiled."""
    from search.calibrate import rows_of
    from search.evaluate import Dataset
    from search.noise import spoiled
    from search.snapshot import advance, empty

    corpus = [told_again(dataset.corpus, i) for i in range(size)]
    began = time.thread_time()
    rows = rows_of(Dataset(corpus, [], {}))
    analysed = time.thread_time() - began
    before = resident()
    snapshot = empty()
    for at in range(0, size, 3000):
        snapshot = advance(snapshot, rows[at : at + 3000], ("bench", 1))
    numbers = {"analysis_s": round(analysed, 1), "snapshot_MB": round(held(snapshot) / 2**20, 1),
               "resident_MB": round((resident() - before) / 2**20, 1)}  # fmt: skip
    texts = [question.text for question in dataset.questions[:: max(1, len(dataset.questions) // QUERIES)]]
    for kind in ("", "typo", "kana", "romaji", "prefix50"):
        asked = [spoiled(text, kind) for text in texts] if kind else texts
        numbers[f"{kind or 'clean'}_p95_cpu_ms"] = p95(snapshot, asked, kind.startswith("prefix"))
    return numbers


def told_again(corpus: Sequence[Any], i: int) -> Any:
    """The i-th of any number of paragraphs: the same text about something else."""
    import msgspec

    entry, turn = corpus[i % len(corpus)], i // len(corpus)
    if not turn:
        return entry
    other = corpus[(i * 7 + turn) % len(corpus)]
    body = entry.body[: len(entry.body) // 2] + other.body[len(other.body) // 2 :]
    return msgspec.structs.replace(entry, title=f"{entry.title} {turn}", body=body)


def p95(snapshot: Any, texts: Sequence[str], is_typing: bool) -> float:
    """CPU of this thread: the machine is shared."""
    from search.asking import Wanted
    from search.filters import filter_of
    from search.rank import rank

    wanted = [Wanted(text, filter_of(PUBLIC), 10, is_typing) for text in texts]
    rank(snapshot, wanted[0])
    took = []
    for one in wanted:
        began = time.thread_time()
        rank(snapshot, one)
        took.append((time.thread_time() - began) * 1000)
    return round(float(np.percentile(took, 95)), 2)


def held(snapshot: Any) -> int:
    """Bytes of the snapshot's arrays and words."""
    total = 0
    for channel in snapshot.channels.values():
        arrays = [channel.lengths, channel.vocabulary.hashes, channel.vocabulary.numbers]
        for segment in channel.segments:
            arrays += [segment.start, segment.slots, segment.counts]
        total += sum(array.nbytes for array in arrays)
        total += sum(49 + len(text.encode()) + 8 for text in (*channel.vocabulary.words, *channel.vocabulary.sounds))
    slots = snapshot.slots
    return total + sum(
        a.nbytes for a in (slots.ids, slots.refs, slots.groups, slots.weights, slots.titles, slots.alive)
    )


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def update(dataset: Any) -> dict[str, float]:
    """One changed document among the set's: writing it, and the next search that shows it, beside the analysis."""
    from core.database import transaction
    from search import Document, analyse, find, put
    from search.evaluate import index
    from search.scratch import scratch_database

    took: list[tuple[float, float]] = []
    async with scratch_database("sqlite"):
        await index(dataset.corpus)
        await find("準備", tokens=PUBLIC)
        for n in range(20):
            document = Document(kind="entry", id=n, title=f"改訂版 {n}", body="新しい本文", audience=PUBLIC)
            analysed = await analyse(document)
            began = time.perf_counter()
            async with transaction():
                await put(analysed)
            written = time.perf_counter()
            await find("改訂版", tokens=PUBLIC)
            took.append(((written - began) * 1000, (time.perf_counter() - written) * 1000))
    return {"write_p95_ms": round(float(np.percentile([w for w, _ in took], 95)), 1),
            "next_search_p95_ms": round(float(np.percentile([s for _, s in took], 95)), 1)}  # fmt: skip
