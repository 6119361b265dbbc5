"""What can be found, and its analysis, which happens in a thread before any transaction opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from core.refs import Ref
from core.tasks import in_thread
from search.analysis import words
from search.grams import grams
from search.kana import sound_of
from search.packing import pack
from search.parts import pack_parts
from search.text import clean, language_of
from search.wordings import wordings

KEPT_BODY = 20_000  # characters kept for snippets; all of the body is indexed, up to INDEXED
INDEXED = 400_000
# Counts up when postings are made otherwise than before: what an older release made is then made again (search.jobs).
ANALYSIS = 1
# The fields of each channel, in the order of the packed counts. A new field goes to the end: older rows lack it.
CHANNELS: Mapping[str, tuple[str, ...]] = {
    "words": ("title", "phrasings", "body", "clicked", "headings", "aside"),
    "grams": ("title", "body"),
    "wordings": ("question",),
}


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One language of one thing; `weight` multiplies its score.

    `phrasings` are other wordings of the title, `clicked` queries that ended here (search.learning), `headings` those
    of the body, which holds them too. `aside` is found by its words alone and counts little: it is never shown, and not
    compared by its characters (a thread's other posts).
    """

    kind: str
    id: int
    title: str
    audience: frozenset[str] | set[str]
    body: str = ""
    phrasings: tuple[str, ...] | list[str] = ()
    clicked: tuple[str, ...] | list[str] = ()
    headings: tuple[str, ...] | list[str] = ()
    aside: str = ""
    lang: str = ""
    brand: str = "default"
    url: str = ""
    weight: float = 1.0

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.id)


class Analysed(msgspec.Struct, frozen=True):
    """A document ready to be put: its packed row per channel."""

    document: Document
    lang: str
    rows: dict[str, bytes]


def analyse_now(document: Document) -> Analysed:
    """The analysis itself, on this thread: ~1 ms per 500 characters of Japanese."""
    title, body = clean(document.title), clean(document.body)[:INDEXED]
    phrasings, clicked, headings = map(_joined, (document.phrasings, document.clicked, document.headings))
    aside = clean(document.aside)[:INDEXED]
    fields = (title, phrasings, body, clicked, headings, aside)
    by_word = [[word.term for word in words(text)] for text in fields]
    by_gram = [grams(f"{title}\n{phrasings}\n{clicked}"), grams(body)]
    asked = [line for text in (title, *document.phrasings, *document.clicked) for line in wordings(clean(text))]
    rows = {"words": pack(by_word, sound_of=sound_of), "grams": pack(by_gram), "wordings": pack([asked])}
    parts = pack_parts(body)
    if parts:
        rows["parts"] = parts
    return Analysed(document, document.lang or language_of(f"{title} {body[:500]}"), rows)


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(map(clean, texts))[:INDEXED]


async def analyse(document: Document) -> Analysed:
    """Analyse in a thread. Call it before the transaction that puts the result."""
    return await in_thread(analyse_now, document)  # type: ignore[no-any-return]
