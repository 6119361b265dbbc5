"""From a query's text to the terms that are scored: what counts, what else it may be called, how it may go on."""

from __future__ import annotations

import msgspec

from search.analysis import Word, readable, words
from search.controls import NOTHING, Prepared
from search.filters import Filter
from search.meaning import Meaning
from search.scoring import Alternative, Term, held_by
from search.snapshot import Allowed, Snapshot
from search.understanding import understood

MOST_TERMS = 32  # of a long text, the most telling ones
COMPLETIONS = 24
COMPLETED = 0.8  # a completion against the word itself
SYNONYM = 0.9  # … and a synonym


class Wanted(msgspec.Struct, frozen=True, eq=False):
    """A search. `meaning` is what its vector and the documents' say, where an embedder is in use."""

    text: str
    filter: Filter
    limit: int = 10
    is_typing: bool = False
    controls: Prepared = NOTHING
    meaning: Meaning | None = None


class Asked(msgspec.Struct, frozen=True):
    """A query's words as they were written, what of them counts (before synonyms), and the terms to score."""

    words: list[Word]
    plain: tuple[str, ...]
    terms: list[Term]


def asked(snapshot: Snapshot, allowed: Allowed, wanted: Wanted) -> Asked:
    found = words(wanted.text)
    plain = wanted.controls.without_stop_words(tuple(word.term for word in found))
    terms = _telling(snapshot, allowed, [Term(text) for text in dict.fromkeys(plain)])
    terms = _with_synonyms(wanted.controls, plain, terms)
    terms = understood(snapshot, allowed, wanted.text, found, terms)
    if wanted.is_typing:
        terms = _completed(snapshot, allowed, wanted.text, found, terms)
    return Asked(found, plain, terms)


def _telling(snapshot: Snapshot, allowed: Allowed, terms: list[Term]) -> list[Term]:
    """At most MOST_TERMS, the rarest known ones, in their order."""
    if len(terms) <= MOST_TERMS:
        return terms
    frequency = _frequencies(snapshot, allowed, [term.text for term in terms])
    rarest = sorted(terms, key=lambda term: (frequency[term.text] or allowed.count + 1, term.text))
    kept = {term.text for term in rarest[:MOST_TERMS]}
    return [term for term in terms if term.text in kept]


def _frequencies(snapshot: Snapshot, allowed: Allowed, texts: list[str]) -> dict[str, int]:
    """In how many admitted documents each word is."""
    channel = snapshot.channels["words"]
    return {text: held_by(channel, allowed, n) for text, n in channel.vocabulary.of(texts).items()}


def _with_synonyms(controls: Prepared, plain: tuple[str, ...], terms: list[Term]) -> list[Term]:
    """Each term of a run that has synonyms may be any of them instead."""
    more: dict[str, list[Alternative]] = {}
    for run, others in controls.synonyms_in(plain):
        for text in run:
            more.setdefault(text, []).extend(Alternative(other, SYNONYM, "synonym") for other in others)
    return [widened(term, tuple(more.get(term.text, ()))) for term in terms]


def _completed(snapshot: Snapshot, allowed: Allowed, text: str, found: list[Word], terms: list[Term]) -> list[Term]:
    """The last word as it may continue, among words of documents the reader may see."""
    written = readable(text)
    if not found or written[-1:].isspace():
        return terms
    last = found[-1]
    vocabulary = snapshot.channels["words"].vocabulary
    prefixes = dict.fromkeys((written[last.start :].strip(), last.surface))
    longer = [word for prefix in prefixes for word in vocabulary.starting_with(prefix) if word != last.term]
    frequency = _frequencies(snapshot, allowed, longer)
    known = sorted((word for word in frequency if frequency[word]), key=lambda word: (-frequency[word], word))
    more = tuple(Alternative((word,), COMPLETED, "completion") for word in known[:COMPLETIONS])
    return [widened(term, more) if term.text == last.term else term for term in terms]


def widened(term: Term, more: tuple[Alternative, ...]) -> Term:
    return Term(term.text, term.alternatives + more) if more else term
