"""What was decided for each brand (controls, confidence), as this process knows it: within two seconds everywhere.

One row, `site` in search_version, moves with every change; it is compared at most every half second, and at once after
this process changed something. Only committed state is read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import msgspec
from tortoise.connection import get_connection

from core.database import after_commit, in_transaction, rows
from core.refs import Ref
from core.tasks import in_thread, spawn
from search.confidence import ANSWER, CANDIDATES, PRIOR
from search.controls import NOTHING, Controls, Hide, Pin, Prepared, StopWord, Synonym, prepared
from search.versions import draw

CHECK_EVERY = 0.5  # seconds


class Site(msgspec.Struct, frozen=True):
    """One brand: its controls ready for use, the weights of its confidence, the lower edges of the bands."""

    controls: Prepared = NOTHING
    weights: tuple[float, ...] = PRIOR
    answer: float = ANSWER
    candidates: float = CANDIDATES


class Known(msgspec.Struct, frozen=True):
    version: tuple[str, int] = ("", 0)
    sites: dict[str, Site] = {}


_known = Known()
_client: Any = None
_checked = 0.0
_dirty = True
_refreshing: asyncio.Task[Known] | None = None


def changed() -> None:
    global _dirty
    _dirty = True


def reset() -> None:
    """Start from nothing: the database was replaced under this process."""
    global _known, _client
    _known, _client = Known(), None
    changed()


async def next_version() -> int:
    """Say, in the caller's transaction, that what was decided for a brand is different now."""
    version = await draw("site")
    after_commit(changed)
    return version


async def site_of(brand: str | None) -> Site:
    """What holds for `brand`; for no brand, what holds for every one."""
    known = await _current()
    return known.sites.get(brand or "", known.sites.get("", Site()))


async def _current() -> Known:
    global _refreshing, _dirty
    if not _is_due():
        return _known
    running = _refreshing
    if running is None or running.done() or _dirty or running.get_loop() is not asyncio.get_running_loop():
        _dirty = False
        running = _refreshing = spawn(_refresh(), "search.site")
    return await asyncio.shield(running)


def _is_due() -> bool:
    if _dirty or time.monotonic() - _checked >= CHECK_EVERY:
        return True
    return not in_transaction() and get_connection("default") is not _client


async def _refresh() -> Known:
    global _known, _checked, _client
    root, asked = get_connection("default"), time.monotonic()
    try:
        found = await rows("SELECT epoch, version FROM search_version WHERE name = 'site'")
        version = (str(found[0][0]), int(found[0][1])) if found else ("", 0)
        if _client is not root or version != _known.version:
            _known = Known(version, await _sites())
    except BaseException:
        changed()
        raise
    _client, _checked = root, asked
    return _known


async def _sites() -> dict[str, Site]:
    everything = await controls_of()
    trust = {row["brand"]: row for row in await rows("SELECT brand, weights, answer, candidates FROM search_trust")}
    named = {control.brand for kind in msgspec.structs.astuple(everything) for control in kind} | set(trust) | {""}
    return {brand: await _site(everything, brand, trust.get(brand)) for brand in sorted(named)}


async def _site(everything: Controls, brand: str, trust: Any) -> Site:
    controls = await in_thread(prepared, of_brand(everything, brand))
    if trust is None:
        return Site(controls)
    weights = tuple(msgspec.json.decode(trust["weights"])) if trust["weights"] else ()
    fitting = weights if len(weights) == len(PRIOR) else PRIOR  # features changed since: the prior until the next night
    return Site(controls, fitting, trust["answer"], trust["candidates"])


def of_brand(everything: Controls, brand: str) -> Controls:
    """The controls of a brand, with those of every brand."""

    def mine(controls: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(one for one in controls if one.brand in ("", brand))

    return Controls(*(mine(kind) for kind in msgspec.structs.astuple(everything)))


async def controls_of(brand: str | None = None) -> Controls:
    """The controls of a brand as staff wrote them, with those of every brand; all there are without one."""
    everything = Controls(
        tuple(Synonym(int(r["id"]), r["brand"], tuple(r["words"].split("\n")), bool(r["is_two_way"]))
              for r in await rows("SELECT id, brand, words, is_two_way FROM search_synonym ORDER BY id")),
        tuple(StopWord(int(r["id"]), r["brand"], r["word"])
              for r in await rows("SELECT id, brand, word FROM search_stop_word ORDER BY id")),
        tuple(Pin(int(r["id"]), r["brand"], r["query"], Ref(r["kind"], int(r["ref_id"])), int(r["position"]),
                  bool(r["is_contained"]))
              for r in await rows("SELECT * FROM search_pin ORDER BY id")),
        tuple(Hide(int(r["id"]), r["brand"], Ref(r["kind"], int(r["ref_id"])), r["query"])
              for r in await rows("SELECT * FROM search_hide ORDER BY id")),
    )  # fmt: skip
    return everything if brand is None else of_brand(everything, brand)
