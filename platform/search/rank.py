"""One search from text to ranked documents, without the database: runs on any thread."""

from __future__ import annotations

import msgspec
import numpy as np

from core.refs import Ref
from search.asking import Asked, Wanted, asked
from search.confidence import Evidence
from search.controls import Pin
from search.evidence import CROWD, evidence
from search.grams import grams
from search.meaning import gains
from search.ranker import CANDIDATES, Asking, score, top
from search.scoring import Array, Scored, Term
from search.snapshot import Allowed, Snapshot
from search.wordings import wordings

MOST_GRAMS, MOST_WORDINGS = 64, 48


class Place(msgspec.Struct, frozen=True):
    """A ranked document: its row id, its score, the words of the query in it, where its best part begins."""

    id: int
    score: float
    matched: tuple[str, ...]
    start: int = 0


class Ranked(msgspec.Struct, frozen=True):
    """`is_pinned`: staff said that the first one answers exactly this."""

    places: list[Place]
    total: int
    surfaces: tuple[str, ...]
    evidence: Evidence | None = None
    is_pinned: bool = False


def rank(snapshot: Snapshot, wanted: Wanted) -> Ranked:
    """Analyse the query, score what the filter admits, keep the best `limit`, with what staff decided about it."""
    allowed = snapshot.allowed(wanted.filter)
    if not allowed.count:
        return Ranked([], 0, ())
    query = asked(snapshot, allowed, wanted)
    scored = scores_of(snapshot, allowed, wanted, query)
    pins = [(pin, slot) for pin in wanted.controls.pinned_for(query.plain)
            if (slot := _slot_of(snapshot, allowed, pin.ref, scored.scores)) is not None]  # fmt: skip
    best = top(snapshot, scored.scores, max(wanted.limit, CROWD))
    seen = evidence(snapshot, allowed, query.terms, scored, best[:CROWD])
    best = _with_pins(best, pins)[: wanted.limit]
    counted = scored.covered if scored.covered.any() else scored.scores
    total = max(int((counted > 0).sum()), _more(snapshot, allowed, query.terms))
    total += sum(counted[slot] <= 0 for _, slot in pins)
    is_pinned = bool(pins) and best[:1] == [pins[0][1]] and not pins[0][0].is_contained
    return Ranked(_places(snapshot, scored, query.terms, best), total, _surfaces(query), seen, is_pinned)


def shortlist(snapshot: Snapshot, wanted: Wanted, also: Ref | None = None) -> list[int]:
    """The row ids of the documents whose whole text decides, when memory holds only a part of it; with those of
    `also`."""
    allowed = snapshot.allowed(wanted.filter)
    if not allowed.count:
        return []
    scores = scores_of(snapshot, allowed, wanted, asked(snapshot, allowed, wanted)).scores
    slots = top(snapshot, scores, CANDIDATES)
    if also is not None:
        slots = list(dict.fromkeys([*slots, *slots_of(snapshot, allowed, also)]))
    return [int(id) for id in snapshot.slots.ids[slots]]


def asking_of(wanted: Wanted, query: Asked) -> Asking:
    return Asking(query.terms, grams(wanted.text)[:MOST_GRAMS], wordings(wanted.text)[:MOST_WORDINGS])


def scores_of(snapshot: Snapshot, allowed: Allowed, wanted: Wanted, query: Asked) -> Scored:
    """Every document's score, by its own weight; nothing for what staff hid."""
    scored = score(snapshot, allowed, asking_of(wanted, query))
    scores, covered = scored.scores, scored.covered
    if wanted.meaning is not None:
        scores = scores + gains(snapshot, allowed, wanted.meaning, scored)
    scores = scores * snapshot.slots.weights
    hidden = wanted.controls.hidden_for(query.plain)
    if hidden:
        at = [slot for ref in sorted(hidden) for slot in slots_of(snapshot, allowed, ref)]
        scores[at] = covered[at] = 0
    return msgspec.structs.replace(scored, scores=scores, covered=covered)


def slots_of(snapshot: Snapshot, allowed: Allowed, ref: Ref) -> list[int]:
    """Where a thing's admitted documents stand: one for each language."""
    found = np.flatnonzero((snapshot.slots.refs == ref.id) & allowed.mask)
    return [slot for slot in found.tolist() if snapshot.group_of(slot).kind == ref.kind]


def _slot_of(snapshot: Snapshot, allowed: Allowed, ref: Ref, scores: Array) -> int | None:
    """The language of a thing that resembles the query most."""
    return max(slots_of(snapshot, allowed, ref), key=lambda s: (scores[s], snapshot.group_of(s).lang), default=None)


def _more(snapshot: Snapshot, allowed: Allowed, terms: list[Term]) -> int:
    """What the commonest of the words finds, where memory holds only some of it."""
    channel = snapshot.channels["words"]
    if channel.cut is None:
        return 0
    numbers = channel.vocabulary.of(text for term in terms for text in term.single)
    return max((channel.cut_from(number, allowed.groups) for number in numbers.values()), default=0)


def _with_pins(best: list[int], pins: list[tuple[Pin, int]]) -> list[int]:
    """Pinned slots at their positions, the others in their order around them."""
    pinned = {slot for _, slot in pins}
    placed = [slot for slot in best if slot not in pinned]
    for pin, slot in pins:
        if slot not in placed:
            placed.insert(pin.position - 1, slot)
    return placed


def _places(snapshot: Snapshot, scored: Scored, terms: list[Term], slots: list[int]) -> list[Place]:
    ids, matched = snapshot.slots.ids, _matched(snapshot, terms, slots)
    starts = scored.starts
    return [
        Place(int(ids[slot]), round(float(scored.scores[slot]), 6), matched[slot],
              0 if starts is None else max(0, int(starts[slot])))
        for slot in slots
    ]  # fmt: skip


def _matched(snapshot: Snapshot, terms: list[Term], slots: list[int]) -> dict[int, tuple[str, ...]]:
    """For each slot the words of the query, or what counts as them, that its document holds."""
    channel = snapshot.channels["words"]
    texts = list(dict.fromkeys(text for term in terms for text in term.texts))
    numbers = channel.vocabulary.of(texts)
    held, _, which = channel.of_terms_at([numbers[text] for text in texts], np.unique(slots).astype(np.int32))
    said = {(texts[n], slot) for n, slot in zip(which.tolist(), held.tolist(), strict=True)}
    return {
        slot: tuple(text for term in terms for text in [t for t in term.texts if (t, slot) in said][:1])
        for slot in slots
    }


def _surfaces(query: Asked) -> tuple[str, ...]:
    """What to mark in results: the words as written, their terms, and what counts as them."""
    others = [text for term in query.terms for one in term.alternatives for text in one.texts]
    return tuple(dict.fromkeys([*(w.surface for w in query.words), *(w.term for w in query.words), *others]))
