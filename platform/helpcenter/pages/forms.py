"""What staff type about articles."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar.datastructures import UploadFile

from core.forms import Line, Meta
from core.i18n import LANGUAGES, _
from helpcenter.models import Category
from helpcenter.wordings import LONGEST_BODY, LONGEST_TITLE, Place, Words

LONGEST_PHRASINGS = 11_000  # characters of all lines together


class ArticleForm(msgspec.Struct):
    """The editor: one language of an article, and its place."""

    title: Annotated[Line, Meta(max_length=LONGEST_TITLE)]
    locale: Literal["ja", "en"] = "ja"
    body: Annotated[str, Meta(max_length=LONGEST_BODY)] = ""
    phrasings: Annotated[str, Meta(max_length=LONGEST_PHRASINGS)] = ""
    slug: Annotated[Line, Meta(max_length=80)] = ""
    category_id: int | None = None
    audience: Literal["public", "members", "staff", "accounts"] = "public"
    accounts: Annotated[Line, Meta(max_length=200)] = ""
    note: Line = ""
    version: int = 0
    gap: int | None = None

    def words(self) -> Words:
        return Words(title=self.title, body=self.body, phrasings=tuple(self.phrasings.split("\n")), slug=self.slug,
                     locale=self.locale, note=self.note)  # fmt: skip

    def place(self, owner_id: int | None, brand: str = "default") -> Place:
        return Place(category_id=self.category_id, audience=self.tokens(), owner_id=owner_id, brand=brand)

    def tokens(self) -> tuple[str, ...]:
        if self.audience != "accounts":
            return (self.audience,)
        numbers = self.accounts.replace("、", " ").replace(",", " ").split()
        return tuple(f"account:{number}" for number in numbers)


def audience_fields(tokens: frozenset[str]) -> dict[str, str]:
    """Tokens as the editor shows them."""
    accounts = sorted(int(token.removeprefix("account:")) for token in tokens if token.startswith("account:"))
    kind = next((one for one in ("public", "members", "staff") if one in tokens), "accounts")
    return {"audience": kind, "accounts": " ".join(map(str, accounts))}


def audiences() -> dict[str, str]:
    return {"public": _("Everybody"), "members": _("People who are signed in"), "staff": _("Staff"),
            "accounts": _("Some accounts")}  # fmt: skip


def states() -> dict[str, str]:
    return {"draft": _("Draft"), "published": _("Published"), "archived": _("Archived")}


async def categories() -> dict[str, str]:
    """Id → name in the reader's language, for a choice."""
    from core.context import here

    found = await Category.all().prefetch_related("translations").order_by("position", "id")
    made = {}
    for one in found:
        names = {t.locale: t.name for t in one.translations}
        made[str(one.id)] = names.get(here().language) or next(iter(names.values()), one.slug)
    return made


class CategoryForm(msgspec.Struct):
    ja: Annotated[Line, Meta(max_length=120)] = ""
    en: Annotated[Line, Meta(max_length=120)] = ""
    ja_text: Annotated[Line, Meta(max_length=300)] = ""
    en_text: Annotated[Line, Meta(max_length=300)] = ""
    slug: Annotated[Line, Meta(max_length=80)] = ""
    icon: Literal["book", "bolt", "clock", "calendar", "link", "people", "warning", "gear", "mail", "phone", "chart",
                  "lock", "globe", "bulb"] = "book"  # fmt: skip
    position: int | None = None

    def names(self) -> dict[str, tuple[str, str]]:
        return {one: (getattr(self, one), getattr(self, f"{one}_text")) for one in LANGUAGES}


class ImportForm(msgspec.Struct):
    file: list[UploadFile]
    lang: Literal["ja", "en"] = "ja"
    category_id: int | None = None
    source: Annotated[Line, Meta(max_length=60)] = ""
    publish: bool = False

    def __post_init__(self) -> None:
        if not self.file:
            raise ValueError(_("Choose a file."))
