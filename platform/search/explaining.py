"""Why a document stands where it stands: every gain of its score, by the query's word, the channel and the field."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from core.database import rows
from core.refs import Ref
from core.tasks import in_thread
from search import current
from search.asking import Asked, Wanted, asked
from search.beyond import whole_for
from search.confidence import band
from search.documents import CHANNELS
from search.filters import filter_of
from search.find import LONGEST_QUERY, certainty
from search.grams import grams
from search.meaning import gains, meaning_of
from search.rank import MOST_GRAMS, Ranked, asking_of, rank, scores_of, slots_of
from search.ranker import CANDIDATES, gate, in_parts, score, telling, top
from search.scoring import (
    CountArray,
    Scope,
    SlotArray,
    Term,
    field_gains,
    frequency,
    holding,
    idf,
    scope_of,
    score_channel,
    together,
)
from search.site import Site, site_of
from search.snapshot import Allowed, Snapshot
from search.text import clean

DEEP = 1000  # places that are told; further down is "not among the first thousand"


class Reason(msgspec.Struct, frozen=True):
    """What one word of the query gained: `fields` say where, `documents` how many hold it."""

    channel: str
    word: str
    found_as: str
    how: str
    fields: dict[str, float]
    documents: int
    gain: float


class Explanation(msgspec.Struct, frozen=True):
    """`reasons`, largest first, add up to `score` / `weight`. `place` from 1; None when hidden or not found."""

    query: str
    ref: Ref
    title: str
    url: str
    lang: str
    place: int | None
    score: float
    weight: float
    pinned: int | None
    is_hidden: bool
    reasons: list[Reason]
    missing: tuple[str, ...]
    confidence: float
    band: str
    evidence: dict[str, float]


class _Told(msgspec.Struct, frozen=True):
    slot: int
    place: int | None
    score: float
    weight: float
    pinned: int | None
    is_hidden: bool
    reasons: list[Reason]
    missing: tuple[str, ...]
    ranked: Ranked


async def explain(
    query: str,
    ref: Ref,
    *,
    tokens: Iterable[str],
    lang: str | None = None,
    kinds: Iterable[str] | None = None,
    brand: str | None = None,
    is_typing: bool = False,
) -> Explanation | None:
    """Why `ref` stands where it does for `query`; None when the reader may not see it, or it is not there."""
    site, snapshot = await site_of(brand), await current.snapshot()
    text, meaning = clean(query)[:LONGEST_QUERY], None if is_typing else await meaning_of(query)
    wanted = Wanted(text, filter_of(tokens, lang, kinds, brand), DEEP, is_typing, site.controls, meaning)
    snapshot = await whole_for(snapshot, wanted, ref)
    told = await in_thread(_told, snapshot, wanted, ref)
    if told is None:
        return None
    found = await rows("SELECT title, url, lang FROM search_document WHERE id = ? AND state = 'live'",
                       int(snapshot.slots.ids[told.slot]))  # fmt: skip
    return _explanation(wanted, ref, told, found[0], site) if found else None


def _explanation(wanted: Wanted, ref: Ref, told: _Told, row: dict[str, str], site: Site) -> Explanation:
    sure = certainty(told.ranked, site)
    seen = told.ranked.evidence
    return Explanation(
        wanted.text, ref, row["title"], row["url"], row["lang"], told.place, told.score, told.weight, told.pinned,
        told.is_hidden, told.reasons, told.missing, sure, band(sure, site.answer, site.candidates),
        msgspec.structs.asdict(seen) if seen else {},
    )  # fmt: skip


def _told(snapshot: Snapshot, wanted: Wanted, ref: Ref) -> _Told | None:
    allowed = snapshot.allowed(wanted.filter)
    slots = slots_of(snapshot, allowed, ref)
    if not slots:
        return None
    query = asked(snapshot, allowed, wanted)
    ranked = rank(snapshot, wanted)
    placed = {place.id: n for n, place in enumerate(ranked.places, 1)}
    scores = scores_of(snapshot, allowed, wanted, query).scores
    slot = max(slots, key=lambda s: (float(scores[s]), snapshot.group_of(s).lang))
    reasons, missing = _reasons(snapshot, allowed, wanted, query, slot)
    pinned = next((pin.position for pin in wanted.controls.pinned_for(query.plain) if pin.ref == ref), None)
    return _Told(
        slot, placed.get(int(snapshot.slots.ids[slot])), round(float(scores[slot]), 6),
        float(snapshot.slots.weights[slot]), pinned, ref in wanted.controls.hidden_for(query.plain), reasons, missing,
        ranked,
    )  # fmt: skip


def _reasons(
    snapshot: Snapshot, allowed: Allowed, wanted: Wanted, query: Asked, slot: int
) -> tuple[list[Reason], tuple[str, ...]]:
    """The gains of one document, largest first, and the words that gained nothing."""
    surfaces = {word.term: word.surface for word in reversed(query.words)}
    scope = scope_of(snapshot, allowed, "words")
    numbers = snapshot.channels["words"].vocabulary.of(text for term in query.terms for text in term.texts)
    told = [_reason(scope, slot, term, numbers, surfaces.get(term.text, term.text)) for term in query.terms]
    missing = tuple(surfaces.get(t.text, t.text) for t, one in zip(query.terms, told, strict=True) if one is None)
    found = [one for one in told if one is not None]
    for tell in (_part, _characters, _wording, _meaning):
        more = tell(snapshot, allowed, wanted, query, slot)
        if more is not None:
            found.append(more)
    return sorted(found, key=lambda one: -one.gain), missing


def _reason(scope: Scope, slot: int, term: Term, numbers: dict[str, int], surface: str) -> Reason | None:
    """The best of the ways in which the document holds the term."""
    held: list[SlotArray] = []
    best: Reason | None = None
    for way in term.ways:
        slots, counts = holding(scope, [numbers[text] for text in way.texts])
        held.append(slots)
        here = np.flatnonzero(slots == slot)
        if not len(here):
            continue
        fields = _by_field(scope, slots[here], counts[:, here], way.weight)
        gain = sum(fields.values())
        if best is None or gain > best.gain:
            best = Reason("words", surface, " ".join(way.texts), way.how, fields, 0, gain)
    documents = frequency(scope, held, [numbers[text] for text in term.single])
    return None if best is None else _rare(best, idf(scope.allowed.count, documents), documents)


def _by_field(scope: Scope, slots: SlotArray, counts: CountArray, weight: float) -> dict[str, float]:
    """What each field gains, in shares of what they gain together."""
    gains = {field: weight * float(field_gains(scope, i, slots, counts[i])[0])
             for i, field in enumerate(CHANNELS["words"]) if counts[i, 0]}  # fmt: skip
    share = weight * float(together(scope, slots, counts)[0]) / max(sum(gains.values()), 1e-9)
    return {field: gain * share for field, gain in gains.items()}


def _rare(reason: Reason, weight: float, documents: int) -> Reason:
    fields = {field: round(gain * weight, 4) for field, gain in reason.fields.items()}
    return msgspec.structs.replace(reason, gain=round(reason.gain * weight, 4), fields=fields, documents=documents)


def _part(snapshot: Snapshot, allowed: Allowed, wanted: Wanted, query: Asked, slot: int) -> Reason | None:
    """What its best part says beyond the whole body."""
    plain = score_channel(snapshot, allowed, "words", query.terms)
    best = np.array(top(snapshot, plain.scores, CANDIDATES), np.int64)
    gain = float((in_parts(snapshot, allowed, query.terms, plain, best).scores - plain.scores)[slot])
    return Reason("part", wanted.text, "", "part", {}, 0, round(gain, 4)) if gain > 0 else None


def _characters(snapshot: Snapshot, allowed: Allowed, wanted: Wanted, query: Asked, slot: int) -> Reason | None:
    """What its characters alone add; nothing when it was not among the candidates that they order."""
    by_word = score_channel(snapshot, allowed, "words", query.terms)
    if by_word.unknown == 0 and slot not in top(snapshot, by_word.scores, CANDIDATES):
        return None
    terms = telling(snapshot, allowed, "grams", grams(wanted.text)[:MOST_GRAMS], by_word.unknown > 0)
    by_gram = score_channel(snapshot, allowed, "grams", terms, np.array([slot]))
    gain = gate(by_word, by_gram) * float(by_gram.scores[slot])
    if gain <= 0:
        return None
    return Reason("characters", wanted.text, "", "characters", {}, 0, round(gain, 4))


def _wording(snapshot: Snapshot, allowed: Allowed, wanted: Wanted, query: Asked, slot: int) -> Reason | None:
    """What asking it in the same way adds."""
    asking = asking_of(wanted, query)
    without = score(snapshot, allowed, msgspec.structs.replace(asking, wordings=()))
    gain = float((score(snapshot, allowed, asking).scores - without.scores)[slot])
    return Reason("wording", wanted.text, "", "wording", {}, 0, round(gain, 4)) if gain > 0 else None


def _meaning(snapshot: Snapshot, allowed: Allowed, wanted: Wanted, query: Asked, slot: int) -> Reason | None:
    """What nearness in meaning adds."""
    if wanted.meaning is None:
        return None
    by_words = score(snapshot, allowed, asking_of(wanted, query))
    gain = float(gains(snapshot, allowed, wanted.meaning, by_words)[slot])
    return Reason("meaning", wanted.text, "", "meaning", {}, 0, round(gain, 4)) if gain > 0 else None
