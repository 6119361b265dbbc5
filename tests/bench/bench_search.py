"""Search through the product's own code: quality beside other engines on the same tokens, and what it costs.

Sizes are made of jsquad-valid's paragraphs told again with another half, so that nothing is a copy. Times are CPU of
the measuring thread, and wall beside it: on a machine that others use, the CPU says what a quiet one would show.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.house import Skipped, is_quick
from bench.rivals import RIVALS

SIZES = (10_000, 60_000)
QUERIES = 200
SPOILED = 6  # every so-manieth query of jsquad-valid is asked with noise
PUBLIC = frozenset({"public"})
NOISE = ("kana", "romaji", "typo", "longvowel", "width", "prefix50")
GOALS = {
    "jsquad-valid": {"R@1": 0.91, "R@10": 0.983, "answered_at_5": 0.95, "deleted_at_5": 0.74},
    "msdocs-faq-ja": "R@1 and R@10 ahead of fts5, tantivy, bm25s",
    "stackfaq-en": {"R@1": 0.80}, "stackfaq-en +5": {"R@1": 0.91, "R@3": 0.97, "R@10": 1.0},
    "banking77-en": {"R@1": 0.79}, "clinc150-en": {"answered_at_5": 0.75},
    "noise": {"zero_results": 0.001, "kept": {"kana": 0.95, "typo": 0.95, "longvowel": 0.95, "romaji": 0.80},
              "prefix50 R@10": 0.95},
    "10000 documents": {"p95_cpu_ms": 10, "index_s": 60, "update_p95_ms": 50},
    "60000 documents": {"p95_cpu_ms": 30, "MB": 150},
}  # fmt: skip


async def measure() -> dict[str, Any]:
    from search.evaluate import Plan, evaluate, read

    if is_quick():
        raise Skipped("takes minutes")
    sets = {name: folder(name) for name in ("jsquad-valid", "msdocs-faq-ja", "stackfaq-en", "banking77-en",
                                            "clinc150-en", "xsid-ja", "msdocs-articles-ja")}  # fmt: skip
    plans = {"jsquad-valid": Plan(abstain=sets["xsid-ja"]), "clinc150-en": Plan(abstain=sets["clinc150-en"])}
    found: dict[str, Any] = {"goal": GOALS}
    for name in ("jsquad-valid", "msdocs-faq-ja", "stackfaq-en", "banking77-en", "clinc150-en"):
        told(name)
        found[name] = {"engawa": await evaluate(sets[name], plans.get(name))}
        if name in ("jsquad-valid", "msdocs-faq-ja"):
            found[name] |= rivals(read(sets[name]))
    found["stackfaq-en +5"] = {"engawa": await evaluate(sets["stackfaq-en"], Plan(phrasings=5))}
    dataset = read(sets["jsquad-valid"])
    told("noise")
    found["noise"] = noise(dataset)
    found |= sizes(dataset)
    told("index and update")
    found["10000 documents"] |= await indexed(dataset, SIZES[0])
    found["msdocs-articles-ja"] = memory_of(read(sets["msdocs-articles-ja"]))
    return found


def told(what: str) -> None:
    print(f"  {what} …", file=sys.stderr, flush=True)


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


def noise(dataset: Any) -> dict[str, dict[str, float]]:
    """Each noise on the queries that it changes: R@10, over that of the same ones clean, and those with no result."""
    from search.asking import Wanted
    from search.calibrate import snapshot_of
    from search.filters import filter_of
    from search.noise import spoiled
    from search.rank import rank

    snapshot, names = snapshot_of(dataset), [entry.id for entry in dataset.corpus]

    def placed(text: str, right: Sequence[str], is_typing: bool = False) -> int:
        """1 among the first ten, 0 further down, -1 when there is nothing at all."""
        found = rank(snapshot, Wanted(text, filter_of(PUBLIC), 10, is_typing)).places
        return int(any(names[place.id - 1] in right for place in found)) if found else -1

    asked = [question for question in dataset.questions if question.id in dataset.relevant][::SPOILED]
    clean = [placed(one.text, dataset.relevant[one.id]) for one in asked]
    found = {}
    for kind in NOISE:
        said = [(one, spoiled(one.text, kind), was) for one, was in zip(asked, clean, strict=True)]
        changed = [(one, text, was) for one, text, was in said if text != one.text]
        is_typing = kind.startswith("prefix")
        now = [placed(text, dataset.relevant[one.id], is_typing) for one, text, _was in changed]
        before = sum(was > 0 for _, _, was in changed)
        found[kind] = {"queries": len(now), "R@10": round(sum(n > 0 for n in now) / len(now), 4),
                       "kept": round(sum(n > 0 for n in now) / before, 4),
                       "zero_results": round(sum(n < 0 for n in now) / len(now), 4)}  # fmt: skip
    return found


def sizes(dataset: Any) -> dict[str, dict[str, float]]:
    """Analysis on one thread; then at each size the snapshot's memory and what a search costs, clean and spoiled."""
    from search.calibrate import rows_of
    from search.evaluate import Dataset
    from search.snapshot import advance, empty

    told("analysis of 60,000 documents")
    began = time.thread_time()
    rows = rows_of(Dataset([told_again(dataset.corpus, i) for i in range(SIZES[-1])], [], {}))
    analysed = time.thread_time() - began
    snapshot, found, at, before = empty(), {}, 0, resident()
    for size in SIZES:
        began = time.thread_time()
        for start in range(at, size, 3000):
            snapshot = advance(snapshot, rows[start : min(start + 3000, size)], ("bench", 1))
        at = size
        name = f"{size} documents"
        told(name)
        found[name] = {
            "analysis_s": round(analysed * size / SIZES[-1], 1), "snapshot_s": round(time.thread_time() - began, 1),
            "MB": round(held(snapshot) / 1e6, 1), "resident_MB": round((resident() - before) / 1e6, 1),
        } | costs(snapshot, dataset)  # fmt: skip
    return found


def costs(snapshot: Any, dataset: Any) -> dict[str, float]:
    from search.noise import spoiled

    texts = [question.text for question in dataset.questions[:: max(1, len(dataset.questions) // QUERIES)]]
    found: dict[str, float] = {}
    for kind in ("", "typo", "kana", "romaji", "prefix50"):
        asked = [spoiled(text, kind) for text in texts] if kind else texts
        for clock, ms in p95(snapshot, asked, kind.startswith("prefix")).items():
            found[f"{kind or 'clean'}_p95_{clock}_ms"] = ms
    return found


def told_again(corpus: Sequence[Any], i: int) -> Any:
    """The i-th of any number of paragraphs: the same text about something else."""
    import msgspec

    entry, turn = corpus[i % len(corpus)], i // len(corpus)
    if not turn:
        return entry
    other = corpus[(i * 7 + turn) % len(corpus)]
    body = entry.body[: len(entry.body) // 2] + other.body[len(other.body) // 2 :]
    return msgspec.structs.replace(entry, title=f"{entry.title} {turn}", body=body)


def p95(snapshot: Any, texts: Sequence[str], is_typing: bool) -> dict[str, float]:
    """From query to ranked places: CPU of this thread, and wall."""
    from search.asking import Wanted
    from search.filters import filter_of
    from search.rank import rank

    wanted = [Wanted(text, filter_of(PUBLIC), 10, is_typing) for text in texts]
    rank(snapshot, wanted[0])
    took = []
    for one in wanted:
        cpu, wall = time.thread_time(), time.perf_counter()
        rank(snapshot, one)
        took.append((time.thread_time() - cpu, time.perf_counter() - wall))
    cpu, wall = np.percentile(np.array(took) * 1000, 95, axis=0)
    return {"cpu": round(float(cpu), 2), "wall": round(float(wall), 2)}


def held(snapshot: Any) -> int:
    """Bytes of the snapshot's arrays and words."""
    arrays = [getattr(snapshot.slots, name) for name in snapshot.slots.__struct_fields__]
    arrays += [snapshot.parts.owners, snapshot.parts.starts, snapshot.parts.lengths]
    segments, texts = [*snapshot.parts.segments], []
    for channel in snapshot.channels.values():
        arrays += [channel.lengths, channel.vocabulary.hashes, channel.vocabulary.numbers]
        segments += channel.segments
        texts += [*channel.vocabulary.words, *channel.vocabulary.sounds]
    for segment in segments:
        arrays += [segment.start, segment.slots, segment.counts]
    return sum(array.nbytes for array in arrays) + sum(sys.getsizeof(text) + 8 for text in texts)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def memory_of(dataset: Any) -> dict[str, float]:
    """Of long articles, with their parts, and what ten thousand of them would take."""
    from search.calibrate import snapshot_of

    told("long articles")
    snapshot = snapshot_of(dataset)
    mb, count = held(snapshot) / 1e6, len(dataset.corpus)
    return {"documents": count, "characters": round(sum(len(e.body) for e in dataset.corpus) / count),
            "MB": round(mb, 1), "MB_at_10000": round(mb / count * 10_000, 1)}  # fmt: skip


async def indexed(dataset: Any, size: int) -> dict[str, float]:
    """`size` documents analysed and written, then single ones changed among them: the write, and the next search that
    shows it, beside the analysis."""
    from core.database import transaction
    from search import Document, analyse, find, put
    from search.evaluate import index
    from search.scratch import scratch_database

    took: list[tuple[float, float]] = []
    async with scratch_database("sqlite"):
        cpu = time.process_time()
        seconds = await index([told_again(dataset.corpus, i) for i in range(size)])
        cpu = time.process_time() - cpu
        began = time.perf_counter()
        await find("準備", tokens=PUBLIC)
        loaded = time.perf_counter() - began
        for n in range(40):
            document = Document(kind="entry", id=n, title=f"改訂版 {n}", body=dataset.corpus[n].body, audience=PUBLIC)
            analysed = await analyse(document)
            began = time.perf_counter()
            async with transaction():
                await put(analysed)
            written = time.perf_counter()
            found = await find(f"改訂版 {n}", tokens=PUBLIC)
            took.append((written - began, time.perf_counter() - written))
            assert found.hits[0].ref.id == n, found.hits[0]
    write, search = np.percentile(np.array(took) * 1000, 95, axis=0)
    return {"index_s": round(seconds, 1), "index_cpu_s": round(cpu, 1), "load_s": round(loaded, 1),
            "update_p95_ms": round(float(write), 1), "next_search_p95_ms": round(float(search), 1)}  # fmt: skip
