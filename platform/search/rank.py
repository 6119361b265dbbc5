"""One search from text to ranked documents, without the database: runs on any thread."""

from __future__ import annotations

import msgspec
import numpy as np

from search.analysis import Word, readable, words
from search.confidence import Evidence, confidence
from search.filters import Filter
from search.grams import grams
from search.ranker import Scored, Term, admitted, score, top
from search.snapshot import Allowed, Channel, Snapshot

MOST_TERMS = 32  # of a long text, the most telling ones
MOST_GRAMS = 64
COMPLETIONS = 24
COMPLETED = 0.8  # a completion against the word itself


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
    matched = _matched(snapshot, terms, best[: wanted.limit])
    ids, scores = snapshot.slots.ids, weighted.scores
    places = [Place(int(ids[s]), round(float(scores[s]), 6), words) for s, words in matched.items()]
    counted = weighted.covered if weighted.covered.any() else weighted.scores
    total = int((counted > 0).sum())
    return Ranked(places, total, confidence(seen), _surfaces(asked, terms), seen)


def _telling(snapshot: Snapshot, allowed: Allowed, terms: list[Term]) -> list[Term]:
    """At most MOST_TERMS, the rarest known ones, in their order."""
    if len(terms) <= MOST_TERMS:
        return terms
    frequency = _frequencies(snapshot, allowed, [term.text for term in terms])
    rarest = sorted(terms, key=lambda term: (frequency[term.text] or allowed.count + 1, term.text))
    kept = set(rarest[:MOST_TERMS])
    return [term for term in terms if term in kept]


def _frequencies(snapshot: Snapshot, allowed: Allowed, texts: list[str]) -> dict[str, int]:
    """In how many admitted documents each word is."""
    channel = snapshot.channels["words"]
    return {text: len(admitted(channel, allowed, n)[0]) for text, n in channel.vocabulary.of(texts).items()}


def _completed(snapshot: Snapshot, allowed: Allowed, text: str, asked: list[Word], terms: list[Term]) -> list[Term]:
    """The last word as it may continue, among words of documents the reader may see."""
    written = readable(text)
    if not asked or written[-1:].isspace():
        return terms
    last = asked[-1]
    vocabulary = snapshot.channels["words"].vocabulary
    prefixes = dict.fromkeys((written[last.start :].strip(), last.surface))
    longer = [word for prefix in prefixes for word in vocabulary.starting_with(prefix) if word != last.term]
    frequency = _frequencies(snapshot, allowed, longer)
    known = sorted((word for word in frequency if frequency[word]), key=lambda word: (-frequency[word], word))
    completed = Term(last.term, tuple((word, COMPLETED) for word in known[:COMPLETIONS]))
    return [completed if term.text == last.term else term for term in terms]


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
        brevity=float(np.exp(-scored.total_idf / 20)),
    )


def _matched(snapshot: Snapshot, terms: list[Term], slots: list[int]) -> dict[int, tuple[str, ...]]:
    """For each slot the words of the query, or their completions, that its document holds."""
    channel = snapshot.channels["words"]
    numbers = channel.vocabulary.of(text for term in terms for text in term.texts)
    holders = [[(text, set(_held(channel, numbers[text], slots))) for text in term.texts] for term in terms]
    return {
        slot: tuple(text for term in holders for text in [t for t, held in term if slot in held][:1]) for slot in slots
    }


def _held(channel: Channel, number: int, slots: list[int]) -> list[int]:
    having = channel.of_term(number)[0]
    if not len(having):
        return []
    at = np.minimum(np.searchsorted(having, slots), len(having) - 1)
    return having[at].tolist()  # type: ignore[no-any-return]


def _surfaces(asked: list[Word], terms: list[Term]) -> tuple[str, ...]:
    """What to mark in results: the words as written, their terms, and completions of the last."""
    completions = [word for term in terms for word, _ in term.alternatives]
    return tuple(dict.fromkeys([*(w.surface for w in asked), *(w.term for w in asked), *completions]))
