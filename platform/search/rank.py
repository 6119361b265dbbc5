"""One search from text to ranked documents, without the database: runs on any thread."""

from __future__ import annotations

import msgspec
import numpy as np

from search.analysis import Word, readable, words
from search.confidence import Evidence, confidence
from search.filters import Filter
from search.grams import grams
from search.ranker import Scored, Term, idf, score, top
from search.snapshot import Allowed, Snapshot

MOST_TERMS = 32  # of a long text, the most telling ones
MOST_GRAMS = 64
COMPLETIONS = 24


class Wanted(msgspec.Struct, frozen=True):
    text: str
    filter: Filter
    limit: int = 10
    is_typing: bool = False


class Place(msgspec.Struct, frozen=True):
    """A ranked document: its row id, its score, the words of the query in it."""

    id: int
    score: float
    matched: tuple[str, ...]


class Ranked(msgspec.Struct, frozen=True):
    places: list[Place]
    total: int
    confidence: float
    surfaces: tuple[str, ...]
    evidence: Evidence | None = None


def rank(snapshot: Snapshot, wanted: Wanted) -> Ranked:
    """Analyse the query, score what the filter admits, keep the best `limit`."""
    allowed = snapshot.allowed(wanted.filter)
    asked = words(wanted.text)
    if not asked and not allowed.count:
        return Ranked([], 0, 0.0, ())
    terms = _telling(snapshot, allowed, [Term(term) for term in dict.fromkeys(word.term for word in asked)])
    if wanted.is_typing:
        terms = _completed(snapshot, allowed, wanted.text, asked, terms)
    scored = score(snapshot, allowed, terms, grams(wanted.text)[:MOST_GRAMS])
    weighted = msgspec.structs.replace(scored, scores=scored.scores * snapshot.slots.weights)
    best = top(snapshot, weighted.scores, max(wanted.limit, 2))
    seen = evidence(weighted, best)
    places = [_place(snapshot, weighted, terms, slot) for slot in best[: wanted.limit]]
    matched = weighted.covered if weighted.covered.any() else weighted.scores
    total = int((matched > 0).sum())
    return Ranked(places, total, confidence(seen), _surfaces(asked, terms), seen)


def _telling(snapshot: Snapshot, allowed: Allowed, terms: list[Term]) -> list[Term]:
    """At most MOST_TERMS, the rarest known ones, in their order."""
    if len(terms) <= MOST_TERMS:
        return terms
    channel = snapshot.channels["words"]

    def rarity(term: Term) -> float:
        number = channel.vocabulary.number(term.text)
        df = int(allowed.mask[channel.of_term(number)[0]].sum()) if number >= 0 else 0
        return idf(allowed.count, df) if df else 0.0

    kept = set(sorted(terms, key=lambda term: (-rarity(term), term.text))[:MOST_TERMS])
    return [term for term in terms if term in kept]


def _completed(
    snapshot: Snapshot, allowed: Allowed, text: str, asked: list[Word], terms: list[Term]
) -> list[Term]:
    """The last word as it may continue, among words of documents the reader may see."""
    written = readable(text)
    if not asked or not written or written[-1].isspace():
        return terms
    last = asked[-1]
    half = written[last.start :].strip()
    channel = snapshot.channels["words"]
    found = []
    for word in dict.fromkeys(w for prefix in (half, last.surface) for w in channel.vocabulary.starting_with(prefix)):
        df = int(allowed.mask[channel.of_term(channel.vocabulary.number(word))[0]].sum())
        if df:
            found.append((df, word))
    found.sort(key=lambda one: (-one[0], one[1]))
    longer = tuple((word, 0.8) for _, word in found[:COMPLETIONS] if word != last.term)
    return [Term(term.text, longer) if term.text == last.term else term for term in terms]


def evidence(scored: Scored, best: list[int]) -> Evidence | None:
    if not best or scored.total_idf <= 0:
        return None
    first = float(scored.scores[best[0]])
    second = float(scored.scores[best[1]]) if len(best) > 1 else 0.0
    return Evidence(
        share=min(1.0, first / max(scored.best, 1e-9)),
        covered=min(1.0, float(scored.covered[best[0]]) / scored.total_idf),
        gap=(first - second) / first,
        unknown=scored.unknown,
        words=float(np.exp(-scored.total_idf / 20)),
    )


def _place(snapshot: Snapshot, scored: Scored, terms: list[Term], slot: int) -> Place:
    channel = snapshot.channels["words"]
    matched = []
    for term in terms:
        for text in (term.text, *(word for word, _ in term.alternatives)):
            number = channel.vocabulary.number(text)
            if number >= 0 and (channel.of_term(number)[0] == slot).any():
                matched.append(text)
                break
    return Place(int(snapshot.slots.ids[slot]), round(float(scored.scores[slot]), 6), tuple(matched))


def _surfaces(asked: list[Word], terms: list[Term]) -> tuple[str, ...]:
    """What to mark in results: the words as written, their terms, and completions of the last."""
    completions = [word for term in terms for word, _ in term.alternatives]
    return tuple(dict.fromkeys([*(w.surface for w in asked), *(w.term for w in asked), *completions]))
