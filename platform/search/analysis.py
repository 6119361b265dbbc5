"""From text to the words that are indexed and searched: the same for documents and for queries.

Runs of Latin letters and digits become English stems (Snowball); everything else goes through Sudachi, mode A,
normalised forms (引越し → 引っ越し, サーバ → サーバー). Particles, auxiliaries, symbols and stop words are left out.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from typing import Any, NamedTuple

from snowballstemmer import stemmer
from sudachipy import Dictionary, SplitMode

from search.stopwords import ENGLISH, JAPANESE
from search.text import chunks, normal

LONGEST_WORD = 64
REMEMBERED = 300  # characters of a text whose words are remembered for a moment
_latin = re.compile(r"[a-zß-ɏ0-9]+(?:['’][a-z]+)?(?:\+\+|#)?")
_thousands = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_speakable = re.compile(r"\w")
DROPPED = frozenset({"助詞", "助動詞", "補助記号", "空白"})
_own = threading.local()
_loading = threading.Lock()


class Word(NamedTuple):
    """One word of a text: its term in the index, how it was written, where (in the normalised text)."""

    term: str
    surface: str
    start: int


def dictionary() -> Any:
    """One per process: each costs ~80 MB. Loading takes 0.1–0.2 s."""
    with _loading:
        return _dictionary()


@lru_cache(maxsize=1)
def _dictionary() -> Any:
    return Dictionary(dict="core")


def tokenizer() -> Any:
    """One per thread: a shared one fails under concurrent calls."""
    if not hasattr(_own, "tokenizer"):
        loaded = dictionary()
        make = getattr(loaded, "tokenizer", None) or loaded.create
        _own.tokenizer = make(mode=SplitMode.A)
    return _own.tokenizer


def is_warm() -> bool:
    """Whether this thread analyses without loading anything first."""
    return hasattr(_own, "tokenizer")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Snowball's English stemmer; it keeps state, so each thread has its own."""
    if not hasattr(_own, "stemmer"):
        _own.stemmer = stemmer("english")
    return str(_own.stemmer.stemWord(word))


def readable(text: str) -> str:
    """The form of `text` that words are read from and placed in: normal, 1,000 written 1000."""
    return _thousands.sub("", normal(text))


def words(text: str, *, keep_stop_words: bool = False) -> list[Word]:
    """The words of `text` in order. Up to ~0.1 s per 16,000 characters: long text belongs in a thread."""
    read = _remembered(text) if len(text) <= REMEMBERED else _read(text)
    return [word for word, is_telling in read if is_telling or keep_stop_words]


def _read(text: str) -> tuple[tuple[Word, bool], ...]:
    """Every word, and whether it tells anything: grammar and stop words do not."""
    found: list[tuple[Word, bool]] = []
    for offset, part in chunks(readable(text)):
        latin = list(_latin.finditer(part))
        for match in latin:
            word = english(match.group(), keep_stop_words=True)
            if word:
                is_telling = bool(english(match.group()))
                found.append((Word(word, match.group(), offset + match.start()), is_telling))
        rest = _latin.sub(lambda match: " " * len(match.group()), part) if latin else part
        if not rest.isspace():
            found += japanese(rest, offset)
    found.sort(key=lambda one: one[0].start)
    return tuple(found)


# A query is read by more than one channel, and so are titles.
_remembered = lru_cache(maxsize=512)(_read)


def english(word: str, keep_stop_words: bool = False) -> str:
    """The stem, or nothing for a stop word. Possessive and contracted endings are cut."""
    bare, _, _ = word.replace("’", "'").partition("'")
    if not keep_stop_words and (bare in ENGLISH or word in ENGLISH):
        return ""
    return stem(bare)[:LONGEST_WORD]


def japanese(text: str, offset: int = 0) -> list[tuple[Word, bool]]:
    found = []
    for morpheme in tokenizer().tokenize(text):
        term = _term(morpheme.normalized_form())
        if term:
            is_telling = not _is_grammar(morpheme.part_of_speech_id()) and term not in JAPANESE
            found.append((Word(term, morpheme.surface(), offset + morpheme.begin()), is_telling))
    return found


@lru_cache(maxsize=4096)
def _is_grammar(part_of_speech: int) -> bool:
    return dictionary().pos_of(part_of_speech)[0] in DROPPED


@lru_cache(maxsize=20_000)
def _term(form: str) -> str:
    """A normalised form as a term; empty for symbols and spaces."""
    return form.strip().lower()[:LONGEST_WORD] if _speakable.search(form) else ""
