"""What staff decided about searches, and how it is put to work on a query.

`Controls` are the decisions as they were written. `Prepared` are the same in terms of the index: analysed once, when
they change, and then only looked up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from core.refs import Ref
from search.analysis import words

Terms = tuple[str, ...]


class Synonym(msgspec.Struct, frozen=True):
    """`words` find each other when `is_two_way`; else the first also finds the others."""

    id: int
    brand: str
    words: tuple[str, ...]
    is_two_way: bool = True


class StopWord(msgspec.Struct, frozen=True):
    id: int
    brand: str
    word: str


class Pin(msgspec.Struct, frozen=True):
    """`ref` at `position` (from 1) for exactly the words of `query`; `is_contained`: wherever they are among others."""

    id: int
    brand: str
    query: str
    ref: Ref
    position: int = 1
    is_contained: bool = False


class Hide(msgspec.Struct, frozen=True):
    """`ref` left out of every search, or of those with all the words of `query`."""

    id: int
    brand: str
    ref: Ref
    query: str = ""


Control = Synonym | StopWord | Pin | Hide
One = TypeVar("One", Synonym, StopWord, Pin, Hide)


class Controls(msgspec.Struct, frozen=True):
    synonyms: tuple[Synonym, ...] = ()
    stop_words: tuple[StopWord, ...] = ()
    pins: tuple[Pin, ...] = ()
    hides: tuple[Hide, ...] = ()

    def changed(self, add: Iterable[Control] = (), remove: Iterable[Control] = ()) -> Controls:
        """With some more and some fewer."""
        gone, more = set(remove), list(add)
        return Controls(
            _changed(self.synonyms, Synonym, gone, more),
            _changed(self.stop_words, StopWord, gone, more),
            _changed(self.pins, Pin, gone, more),
            _changed(self.hides, Hide, gone, more),
        )


def _changed(had: tuple[One, ...], kind: type[One], gone: set[Control], more: list[Control]) -> tuple[One, ...]:
    stay = [one for one in had if one not in gone]
    return tuple(stay + [one for one in more if isinstance(one, kind)])


class Prepared(msgspec.Struct, frozen=True):
    """`synonyms`: by first term, (all terms, what they also find); pins and hides by the terms of their query."""

    synonyms: dict[str, tuple[tuple[Terms, tuple[Terms, ...]], ...]] = {}
    stop_words: frozenset[str] = frozenset()
    pins: tuple[tuple[frozenset[str], Pin], ...] = ()
    hides: tuple[tuple[frozenset[str], Hide], ...] = ()

    def without_stop_words(self, terms: Terms) -> Terms:
        """The terms that count; all of them when nothing else is left."""
        return tuple(term for term in terms if term not in self.stop_words) or terms

    def synonyms_in(self, terms: Terms) -> list[tuple[Terms, tuple[Terms, ...]]]:
        """Each run of `terms` that has synonyms, with those."""
        found = []
        for at, term in enumerate(terms):
            found += [one for one in self.synonyms.get(term, ()) if terms[at : at + len(one[0])] == one[0]]
        return found

    def pinned_for(self, terms: Terms) -> list[Pin]:
        """In the order of their positions; one for exactly these words before one for some of them."""
        asked = frozenset(terms)
        found = [pin for these, pin in self.pins if these == asked or (pin.is_contained and these <= asked)]
        return sorted(found, key=lambda pin: (pin.position, pin.is_contained, pin.ref, pin.id))

    def hidden_for(self, terms: Terms) -> frozenset[Ref]:
        asked = frozenset(terms)
        return frozenset(hide.ref for these, hide in self.hides if these <= asked)


NOTHING = Prepared()


def terms_of(text: str) -> Terms:
    """The terms of a control's words; stop words count where there is nothing else."""
    found = words(text) or words(text, keep_stop_words=True)
    return tuple(word.term for word in found)


def prepared(controls: Controls) -> Prepared:
    """Analyse the decisions: ~0.05 ms each, so in a thread."""
    hides = tuple((frozenset(terms_of(hide.query)), hide) for hide in controls.hides)
    pins = tuple((frozenset(terms_of(pin.query)), pin) for pin in controls.pins)
    stop = frozenset(term for one in controls.stop_words for term in terms_of(one.word))
    return Prepared(_by_first(controls.synonyms), stop, tuple(one for one in pins if one[0]), hides)


def _by_first(synonyms: Iterable[Synonym]) -> dict[str, tuple[tuple[Terms, tuple[Terms, ...]], ...]]:
    """Several synonyms of the same words are one."""
    found: dict[Terms, list[Terms]] = {}
    for synonym in synonyms:
        analysed = [terms for terms in map(terms_of, synonym.words) if terms]
        for terms in analysed if synonym.is_two_way else analysed[:1]:
            found.setdefault(terms, []).extend(other for other in analysed if other != terms)
    by_first: dict[str, list[tuple[Terms, tuple[Terms, ...]]]] = {}
    for terms, others in found.items():
        by_first.setdefault(terms[0], []).append((terms, tuple(dict.fromkeys(others))))
    return {first: tuple(sorted(these)) for first, these in by_first.items()}
