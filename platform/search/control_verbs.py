"""Synonyms, stop words, pinned and hidden results: added, changed and taken back by staff, per brand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.audit import audit
from core.clock import now
from core.database import rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from search import policy, site
from search.analysis import words as words_of
from search.text import clean

MOST = 500  # of one kind and brand
LONGEST, MOST_WORDS, LAST_POSITION = 100, 20, 10


async def add_synonym(who: Principal, brand: str, words: Iterable[str], is_two_way: bool = True) -> int:
    """Words that find each other, or the first of which also finds the others. Returns its id."""
    kept = _synonyms(words)
    await _room_for("search_synonym", who, brand)
    if await rows("SELECT 1 FROM search_synonym WHERE brand = ? AND words = ? AND is_two_way = ?",
                  brand, kept, is_two_way):  # fmt: skip
        raise Conflict(_("This is there already."))
    return await _insert("search_synonym", brand=brand, words=kept, is_two_way=is_two_way)


async def change_synonym(who: Principal, id: int, words: Iterable[str], is_two_way: bool) -> None:
    ensure(policy.can_control(who))
    kept = _synonyms(words)
    async with transaction():
        before = await _row("search_synonym", id)
        await write("UPDATE search_synonym SET words = ?, is_two_way = ? WHERE id = ?", kept, is_two_way, id)
        await audit("change", Ref("search_synonym", id), before={"words": before["words"]}, after={"words": kept})
        await site.next_version()


async def remove_synonym(who: Principal, id: int) -> None:
    await _remove("search_synonym", who, id)


async def add_stop_word(who: Principal, brand: str, word: str) -> int:
    """A word that a query may leave out."""
    await _room_for("search_stop_word", who, brand)
    return await _insert("search_stop_word", brand=brand, word=_query(word, LONGEST))


async def remove_stop_word(who: Principal, id: int) -> None:
    await _remove("search_stop_word", who, id)


async def pin(who: Principal, brand: str, query: str, ref: Ref, position: int = 1, is_contained: bool = False) -> int:
    """`ref` at `position` (from 1) for exactly these words; `is_contained`: for every search that holds them all."""
    if not 1 <= position <= LAST_POSITION:
        raise Refused(_("A position is a number from 1 to %(last)s.", last=LAST_POSITION))
    await _room_for("search_pin", who, brand)
    return await _insert("search_pin", brand=brand, query=_query(query, 200), kind=ref.kind, ref_id=ref.id,
                         position=position, is_contained=is_contained)  # fmt: skip


async def unpin(who: Principal, id: int) -> None:
    await _remove("search_pin", who, id)


async def hide(who: Principal, brand: str, ref: Ref, query: str = "") -> int:
    """`ref` out of every search, or of those with all the words of `query`."""
    await _room_for("search_hide", who, brand)
    kept = _query(query, 200) if query.strip() else ""
    return await _insert("search_hide", brand=brand, query=kept, kind=ref.kind, ref_id=ref.id)


async def unhide(who: Principal, id: int) -> None:
    await _remove("search_hide", who, id)


def _synonyms(words: Iterable[str]) -> str:
    """One per line. Refused unless there are at least two different ones, each of them a word."""
    kept = list(dict.fromkeys(_query(word, LONGEST) for word in words if word.strip()))
    if not 2 <= len(kept) <= MOST_WORDS:
        raise Refused(_("Write two to %(most)s different words.", most=MOST_WORDS))
    return "\n".join(kept)


def _query(text: str, longest: int) -> str:
    kept = " ".join(clean(text).split())[:longest]
    if not words_of(kept, keep_stop_words=True):
        raise Refused(_("“%(text)s” holds no word.", text=kept))
    return kept


async def _room_for(table: str, who: Principal, brand: str) -> None:
    ensure(policy.can_control(who))
    found = await rows(f"SELECT count(*) FROM {table} WHERE brand = ?", brand)
    if int(found[0][0]) >= MOST:
        raise Refused(_("There are %(most)s already; take one back first.", most=MOST))


async def _insert(table: str, **values: Any) -> int:
    columns = ", ".join(values)
    marks = ", ".join("?" for _value in values)
    async with transaction():
        found = await write(
            f"INSERT INTO {table} ({columns}, created_at) VALUES ({marks}, ?) ON CONFLICT DO NOTHING RETURNING id",
            *values.values(), now(),
        )  # fmt: skip
        if not found:
            raise Conflict(_("This is there already."))
        await audit("add", Ref(table, int(found[0][0])), after=values)
        await site.next_version()
    return int(found[0][0])


async def _remove(table: str, who: Principal, id: int) -> None:
    ensure(policy.can_control(who))
    async with transaction():
        before = dict(await _row(table, id))
        await write(f"DELETE FROM {table} WHERE id = ?", id)
        before.pop("created_at")
        await audit("remove", Ref(table, id), before=before)
        await site.next_version()


async def _row(table: str, id: int) -> Any:
    found = await rows(f"SELECT * FROM {table} WHERE id = ?", id)
    if not found:
        raise NotFound(_("This is gone already."))
    return found[0]
