"""A reader's search over everything that readers may find. Rooms above add their kinds:

from helpcenter.finding import Kind, kinds
kinds["thread"] = Kind(lazy("Answered questions"), icon="done", tone="good")
"""

from __future__ import annotations

import re
from hashlib import sha256

import msgspec

from core.clock import local_day
from core.context import here
from core.database import rows
from core.i18n import lazy
from core.principal import Principal
from core.refs import Ref
from customers.timeline import primary_account, record
from helpcenter import caches, policy
from search import Found, Hit, find, record_click, record_query, suggest
from search.models import SearchDocument
from search.snippets import Part, marked, pattern
from search.text import language_of

LONGEST = 200
PAGE = 10
MOST = 50
READ = 300  # characters of an article that can be read in the list of suggestions


class Kind(msgspec.Struct, frozen=True):
    """One kind of thing that readers find: what a tab and a result say of it."""

    label: str
    icon: str = "book"
    tone: str = ""


kinds: dict[str, Kind] = {"article": Kind(lazy("Articles"), "book")}


class Searched(msgspec.Struct):
    """What a search page shows. `key` names the recorded search; `counts` are per kind, with `` for all."""

    words: str
    found: Found
    counts: dict[str, int]
    kind: str
    key: str = ""

    @property
    def hits(self) -> list[Hit]:
        return self.found.hits


def asked(text: str) -> str:
    """What was typed, in one line, without what cannot be seen."""
    return re.sub(r"[\x00-\x1f\x7f\s]+", " ", text).strip()[:LONGEST]


def language_for(words: str) -> str:
    """Japanese letters ask for Japanese; Latin ones for the reader's own language."""
    return "ja" if language_of(words) == "ja" else here().language


async def search(principal: Principal, words: str, *, kind: str = "", limit: int = PAGE, key: str = "") -> Searched:
    """Search, and write the search down unless `key` says that it was (another tab of the same search)."""
    found, lang = await _find(principal, words, frozenset(kinds), language_for(words), limit)
    shown, counts = found, {"": found.total}
    for name in kinds if len(kinds) > 1 else ():
        one, _lang = await _find(principal, words, frozenset({name}), lang, limit)
        counts[name] = one.total
        shown = one if name == kind else shown
    made = Searched(words, shown, counts, kind if kind in counts else "", key)
    if not key:
        made.key = await _record(principal, words, found)
    return made


async def _find(
    principal: Principal, words: str, among: frozenset[str], lang: str | None, limit: int
) -> tuple[Found, str | None]:
    """In one language; in any, when that has nothing."""
    tokens = policy.reader_tokens(principal)
    found = await find(words, tokens=tokens, lang=lang, kinds=among, brand=principal.brand, limit=limit)
    if found.hits or lang is None or len(among) == 1 < len(kinds):
        return found, lang
    return await find(words, tokens=tokens, kinds=among, brand=principal.brand, limit=limit), None


async def picked(principal: Principal, words: str, ref: Ref, position: int) -> str:
    """Write down a search that ended on a suggestion before it was finished."""
    found = await suggestions(principal, words)
    person = principal.person_id
    key = await record_query(found, surface="suggest", person_id=person, account_id=await _account(principal))
    await record_click(key, ref, position)
    return key


async def _account(principal: Principal) -> int | None:
    known = principal.person_id is not None and not principal.is_staff
    return await primary_account(principal.person_id) if known else None


async def _record(principal: Principal, words: str, found: Found) -> str:
    person, account = principal.person_id, await _account(principal)
    key = await record_query(found, surface="help", person_id=person, account_id=account)
    digest = sha256(words.encode()).hexdigest()[:16]
    once = f"help.searched:{person}:{digest}:{local_day()}"
    if person is not None and not principal.is_staff and caches.is_new(once):
        await record(person, "help.searched", account_id=account, key=once, words=words, results=found.total,
                     band=found.band)  # fmt: skip
    return key


async def suggestions(principal: Principal, words: str, limit: int = 6) -> Found:
    """While typing; not written down."""
    tokens, lang = policy.reader_tokens(principal), language_for(words)
    found = await suggest(words, tokens=tokens, lang=lang, kinds=frozenset(kinds), brand=principal.brand, limit=limit)
    if found.hits:
        return found
    return await suggest(words, tokens=tokens, kinds=frozenset(kinds), brand=principal.brand, limit=limit)


def ref_of(text: str) -> Ref | None:
    """`article:7`, of a kind that readers find."""
    kind, _colon, number = text.partition(":")
    if kind not in kinds or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return Ref(kind, int(number))


async def title_of(ref: Ref) -> str:
    """For staff: what a found thing is called, in their language where it has it."""
    found = await SearchDocument.filter(kind=ref.kind, ref_id=ref.id, state="live")
    mine = [one for one in found if one.lang == here().language]
    return (mine or found)[0].title if found else str(ref)


async def read_in_list(found: Found) -> dict[Ref, tuple[Part, ...]]:
    """What each suggestion says, so that it can be read where it stands: how its text begins, marked, or the part that
    answers where that lies further on."""
    ids = [hit.ref.id for hit in found.hits if hit.ref.kind == "article"]
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    texts = await rows(
        "SELECT ref_id, lang, substr(body, 1, ?) AS body FROM search_document WHERE kind = 'article'"
        f" AND state = 'live' AND ref_id IN ({marks})",
        READ,
        *ids,
    )
    begins = {(int(row["ref_id"]), row["lang"]): " ".join(row["body"].split()) for row in texts}
    return {hit.ref: _said(hit, begins.get((hit.ref.id, hit.lang), "")) for hit in found.hits}


def _said(hit: Hit, begins: str) -> tuple[Part, ...]:
    further = len(begins) >= READ - 1
    said = marked(begins + ("…" if further else ""), pattern(hit.matched)) if begins else ()
    return hit.snippet if further and not any(part.hit for part in said) else said


async def address_of(principal: Principal, ref: Ref, lang: str = "") -> str:
    """Where a found thing stands, when this reader may find it; else an empty string."""
    tokens = policy.reader_tokens(principal)
    found = await SearchDocument.filter(kind=ref.kind, ref_id=ref.id, state="live")
    seen = [one for one in found if ref.kind in kinds and not tokens.isdisjoint(one.audience.split())
            and one.brand in ("", principal.brand)]  # fmt: skip
    best = next((one for one in seen if one.lang == lang), seen[0] if seen else None)
    return best.url if best else ""
