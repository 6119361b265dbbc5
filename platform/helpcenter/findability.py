"""What a customer would find: each phrasing searched as a reader of the article would, and where it stands."""

from __future__ import annotations

import msgspec

from helpcenter.models import Article
from helpcenter.notation import forms, understood
from helpcenter.wordings import LONGEST_PHRASING, MOST_PHRASINGS
from search import find

DEEP = 10
EACH = 4  # wordings of one line that are tried


class Finding(msgspec.Struct, frozen=True):
    """`rank` from 1 when the article is among the first ten; `first` is the title that stands first."""

    words: str
    rank: int | None
    band: str
    first: str
    first_url: str


async def findings(lines: list[str], article: Article | None, lang: str) -> list[Finding]:
    words = [form for line in lines for form in forms(understood(line[:LONGEST_PHRASING]), EACH)][: MOST_PHRASINGS + 1]
    tokens = article.tokens if article else frozenset({"public"})
    brand = article.brand if article else "default"
    made = []
    for one in dict.fromkeys(words):
        found = await find(one, tokens=tokens, lang=lang, kinds={"article"}, brand=brand, limit=DEEP)
        places = [place for place, hit in enumerate(found.hits, 1) if article and hit.ref == article.ref]
        first = found.hits[0] if found.hits else None
        made.append(Finding(one, places[0] if places else None, found.band, first.title if first else "",
                            first.url if first else ""))  # fmt: skip
    return made
