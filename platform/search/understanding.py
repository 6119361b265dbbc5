"""The words of a query that no document holds, understood by their sound or as a misspelling of one that is there."""

from __future__ import annotations

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.analysis import Word, stem
from search.hearing import has_han, heard, is_all_kana, runs, spoken
from search.kana import sound_of
from search.scoring import Alternative, Term, held_by
from search.snapshot import Allowed, Snapshot
from search.text import normal

HEARD = 0.9  # a word of the same sound against the word itself
SAME_SOUND = 0.6  # … where both are written in Han characters: more often another word than a slip
MISSPELT = {1: 0.7, 2: 0.5}  # by edits
LONG_RUN = 7  # kana without a Han character: likely not converted yet
MOST = 5  # words that one may stand for
LOOKED_AT = 4000


class Ear:
    """The index as one reader knows it: which words are there."""

    def __init__(self, snapshot: Snapshot, allowed: Allowed):
        self.channel = snapshot.channels["words"]
        self.vocabulary = self.channel.vocabulary
        self.allowed = allowed
        self._there: dict[str, int] = {}

    def count(self, word: str) -> int:
        """In how many admitted documents a word is."""
        if word not in self._there:
            self._there[word] = held_by(self.channel, self.allowed, self.vocabulary.number(word))
        return self._there[word]

    def is_there(self, word: str) -> bool:
        return self.count(word) > 0

    def alternatives(self, words: list[str], weight: float, how: str) -> tuple[Alternative, ...]:
        """The most frequent of the words that are there."""
        there = sorted(filter(self.is_there, words), key=lambda word: (-self.count(word), word))
        return tuple(Alternative((word,), weight, how) for word in there[:MOST])


def understood(snapshot: Snapshot, allowed: Allowed, text: str, found: list[Word], terms: list[Term]) -> list[Term]:
    """The terms, the unknown ones with what they may stand for; kana and romaji cut anew by their sound."""
    ear = Ear(snapshot, allowed)
    unknown = {term.text for term in terms if not any(map(ear.is_there, term.texts))}
    said = spoken(text, lambda chunk: ear.is_there(stem(chunk))) if unknown else normal(text)
    if is_all_kana(said) and (unknown or max(map(len, runs(said))) >= LONG_RUN):
        heard_terms = _heard(ear, said)
        if heard_terms:
            return _merged(ear, found, terms, heard_terms, said != normal(text))
    return [_widened(ear, term) if term.text in unknown else term for term in terms]


def _heard(ear: Ear, said: str) -> list[Term]:
    return [
        Term(sound, ear.alternatives(words, HEARD, "reading"))
        for run in runs(said)
        for sound, words in heard(run, ear.vocabulary, ear.is_there)
    ]


def _merged(ear: Ear, found: list[Word], terms: list[Term], heard_terms: list[Term], is_romaji: bool) -> list[Term]:
    """What was heard, and of the words as they were written those that are there and long enough to be no accident."""
    told = {text for term in heard_terms for text in term.texts}
    surfaces = {word.term: word.surface for word in found}
    kept = [
        term for term in terms
        if term.text not in told and ear.is_there(term.text)
        and (is_romaji or len(surfaces.get(term.text, "")) > 2)
    ]  # fmt: skip
    return list({term.text: term for term in [*kept, *heard_terms]}.values())


def _widened(ear: Ear, term: Term) -> Term:
    """An unknown word with those of the same sound; without any, with those that are one or two edits away."""
    sound = sound_of(term.text)
    if has_han(term.text):
        more = ear.alternatives(ear.vocabulary.sounding(sound), SAME_SOUND, "reading") if len(sound) > 2 else ()
    else:
        same = ear.vocabulary.sounding(sound) if len(sound) > 1 else []
        more = ear.alternatives(same, HEARD, "reading") or _misspelt(ear, term.text, sound)
    return Term(term.text, term.alternatives + more)


def _misspelt(ear: Ear, word: str, sound: str) -> tuple[Alternative, ...]:
    written = sound or word
    if len(written) < 4:
        return ()
    if sound:
        near = dict(ear.vocabulary.sounding_like(sound[0], LOOKED_AT))
    else:
        near = {other: other for other in ear.vocabulary.starting_with(word[0], LOOKED_AT)}
    edits = 2 if len(written) >= 8 else 1
    close = process.extract(written, list(near), scorer=OSA.distance, score_cutoff=edits, limit=MOST)
    return tuple(
        one
        for other, far, _ in close
        for one in ear.alternatives([near[other]], MISSPELT[max(int(far), 1)], "spelling")
    )
