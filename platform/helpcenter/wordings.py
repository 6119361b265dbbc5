"""What a person (or an import) says of an article: its words in one language, and its place."""

from __future__ import annotations

import re

import msgspec

from core.errors import Refused
from core.i18n import LANGUAGES, _
from helpcenter.notation import blocking
from helpcenter.rendering import LONGEST_BODY

LONGEST_TITLE = 200
MOST_PHRASINGS, LONGEST_PHRASING = 50, 200
_token = re.compile(r"public|members|staff|account:[1-9]\d{0,18}")
_unstorable = re.compile("[\x00\ud800-\udfff]")


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One language of an article. An empty `slug` is made from the title, or kept."""

    title: str
    body: str = ""
    phrasings: tuple[str, ...] = ()
    slug: str = ""
    locale: str = "ja"
    note: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an article stands and who may read it; tokens as in ArticleAudience."""

    category_id: int | None = None
    audience: tuple[str, ...] = ("public",)
    brand: str = "default"
    owner_id: int | None = None


def cleaned(words: Words) -> Words:
    """Trimmed and storable. Raises Refused with a sentence about what is missing or too long."""
    title = " ".join(_unstorable.sub("", words.title).split())
    body = _unstorable.sub("", words.body).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    phrasings = distinct(words.phrasings, title)
    if not title:
        raise Refused(_("Write a title."))
    if len(title) > LONGEST_TITLE:
        raise Refused(_("Shorten the title to %(n)s characters.", n=LONGEST_TITLE))
    if len(body) > LONGEST_BODY:
        raise Refused(_("Shorten the text to %(n)s characters, or make two articles of it.", n=f"{LONGEST_BODY:,}"))
    if words.locale not in LANGUAGES:
        raise Refused(_("“%(locale)s” is not a language of this help centre.", locale=words.locale[:20]))
    return msgspec.structs.replace(words, title=title, body=body, phrasings=phrasings, slug=words.slug.strip(),
                                   note=words.note.strip()[:200])  # fmt: skip


def distinct(phrasings: tuple[str, ...] | list[str], title: str = "") -> tuple[str, ...]:
    """One line each (helpcenter.notation), without doubles and the title itself. Raises Refused past the limits, and
    for a line that cannot be read."""
    lines = [" ".join(_unstorable.sub("", str(one)).split()) for one in phrasings]
    kept = tuple(line for line in dict.fromkeys(lines) if line and line != title)
    if len(kept) > MOST_PHRASINGS:
        raise Refused(_("Keep at most %(n)s phrasings.", n=MOST_PHRASINGS))
    if any(len(line) > LONGEST_PHRASING for line in kept):
        raise Refused(_("Shorten each phrasing to %(n)s characters.", n=LONGEST_PHRASING))
    if wrong := blocking(kept):
        raise Refused(_("Phrasing “%(words)s”, character %(place)s: %(sentence)s", words=kept[wrong.line - 1][:40],
                        place=wrong.place, sentence=wrong.sentence))  # fmt: skip
    return kept


def checked_audience(tokens: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Known tokens, sorted; `public` makes others idle. Raises Refused for none or a strange one."""
    found = sorted(dict.fromkeys(token.strip() for token in tokens if token.strip()))
    strange = [token for token in found if not _token.fullmatch(token)]
    if strange:
        raise Refused(
            _("“%(token)s” is not an audience: write public, members, staff or account:7.", token=strange[0][:40])
        )
    if not found:
        raise Refused(_("Choose who may read the article."))
    if len(" ".join(found)) > 300:
        raise Refused(_("Choose fewer accounts."))
    return ("public",) if "public" in found else tuple(found)
