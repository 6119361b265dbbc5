"""What readers are shown: raw reads, one place for the rule of who sees what (policy), nothing written."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

from core.clock import when
from core.context import here
from core.database import rows
from core.principal import Principal
from core.refs import Ref
from core.settings import settings
from helpcenter import policy
from helpcenter.slugs import category_path, path_of
from search.text import clean


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An article as one reader sees it: the translation chosen for them."""

    id: int
    locale: str
    slug: str
    title: str
    html: str
    toc: list[list[str]]
    excerpt: str
    is_stale: bool
    updated_at: datetime
    published_at: datetime | None
    version: int
    state: str
    audience: frozenset[str]
    category_id: int | None
    languages: dict[str, str]  # locale → slug of every published translation
    original: str
    size: int

    @property
    def path(self) -> str:
        return path_of(self.slug)

    @property
    def ref(self) -> Ref:
        return Ref("article", self.id)

    @property
    def is_for_staff(self) -> bool:
        return self.audience == {"staff"}

    @property
    def minutes(self) -> int:
        """To read it: 500 characters a minute in Japanese, 1,100 in English."""
        pace = 500 if self.locale == "ja" else 1100
        return max(1, round(self.size / pace))


COLUMNS = ("t.locale, t.slug, t.title, t.html, t.toc, t.excerpt, t.is_stale, t.updated_at, t.published_at,"
           " LENGTH(t.body) AS size,"
           " a.id, a.version, a.state, a.audience, a.brand, a.category_id, a.locale AS original")  # fmt: skip


async def article_at(principal: Principal, slug: str, lang: str = "") -> Shown | None:
    """The article at an address, in the language asked for, the reader's, the address's, the original's, or any."""
    if clean(slug) != slug:
        return None
    found = await rows(
        f"SELECT {COLUMNS} FROM article_translation t JOIN article a ON a.id = t.article_id WHERE a.id IN"
        " (SELECT article_id FROM article_translation WHERE slug = ?)",
        slug,
    )
    return _chosen(principal, found, lang, slug) if found else None


async def article_with_id(principal: Principal, article_id: int, lang: str = "") -> Shown | None:
    sql = f"SELECT {COLUMNS} FROM article_translation t JOIN article a ON a.id = t.article_id WHERE a.id = ?"
    found = await rows(sql, article_id)
    return _chosen(principal, found, lang, "") if found else None


def _chosen(principal: Principal, found: list[Any], lang: str, slug: str) -> Shown | None:
    head = found[0]
    audience = frozenset(head["audience"].split())
    if not policy.may_read(principal, state=head["state"], audience=audience, brand=head["brand"]):
        return None
    out = {row["locale"]: row for row in found if row["published_at"]}
    out = out or ({row["locale"]: row for row in found} if principal.may("help.write") else {})
    if not out:
        return None
    owner = next((row["locale"] for row in found if row["slug"] == slug), "")
    wishes = (lang, here().language, owner, head["original"], settings().default_language)
    row = next((out[one] for one in wishes if one in out), next(iter(out.values())))
    return _shown(row, audience, {one["locale"]: one["slug"] for one in out.values()})


def _shown(row: Any, audience: frozenset[str], languages: dict[str, str]) -> Shown:
    return Shown(
        id=int(row["id"]), locale=row["locale"], slug=row["slug"], title=row["title"], html=row["html"],
        toc=_json(row["toc"]), excerpt=row["excerpt"], is_stale=bool(row["is_stale"]),
        updated_at=when(row["updated_at"]), published_at=when(row["published_at"]), version=int(row["version"]),
        state=row["state"], audience=audience, category_id=row["category_id"], languages=languages,
        original=row["original"], size=int(row["size"]),
    )  # fmt: skip


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value


async def moved_to(principal: Principal, slug: str) -> str:
    """Where an old address leads, for who may read it there; or an empty string."""
    found = await rows("SELECT article_id FROM article_former_slug WHERE slug = ?", clean(slug))
    article = await article_with_id(principal, int(found[0][0])) if found else None
    return article.path if article else ""


# lists -----------------------------------------------------------------------------------------------------------


class Listed(msgspec.Struct, frozen=True):
    """An article in a list."""

    id: int
    title: str
    path: str
    excerpt: str
    locale: str
    updated_at: datetime
    category_id: int | None
    phrasings: list[str]


class Shelf(msgspec.Struct):
    """A category with how many articles this reader finds there."""

    id: int
    slug: str
    icon: str
    name: str
    description: str
    count: int
    articles: list[Listed]

    @property
    def path(self) -> str:
        return category_path(self.slug)


def readable(principal: Principal) -> tuple[str, list[Any]]:
    """The WHERE of visible_articles, for raw reads."""
    tokens = sorted(policy.reader_tokens(principal))
    marks = ", ".join("?" * len(tokens))
    return (
        "a.state = 'published' AND a.brand = ? AND EXISTS (SELECT 1 FROM article_audience w"
        f" WHERE w.article_id = a.id AND w.token IN ({marks}))",
        [principal.brand, *tokens],
    )


async def shelves(principal: Principal) -> list[Shelf]:
    """Categories in their order, with counts of what this reader may read. Empty ones are left out for readers."""
    tokens = sorted(policy.reader_tokens(principal))
    marks = ", ".join("?" * len(tokens))
    counted = await rows(
        "SELECT a.category_id, COUNT(DISTINCT a.id) FROM article a JOIN article_audience w ON w.article_id = a.id"
        f" WHERE a.state = 'published' AND a.brand = ? AND w.token IN ({marks}) GROUP BY a.category_id",
        principal.brand, *tokens,
    )  # fmt: skip
    counts = {row[0]: int(row[1]) for row in counted}
    found = await rows("SELECT c.id, c.slug, c.icon, t.locale, t.name, t.description FROM category c"
                       " LEFT JOIN category_translation t ON t.category_id = c.id WHERE c.brand = ?"
                       " ORDER BY c.position, c.id", principal.brand)  # fmt: skip
    named: dict[int, Any] = {}
    for row in found:
        if row["id"] not in named or row["locale"] == here().language:
            named[row["id"]] = row
    return [Shelf(int(row["id"]), row["slug"], row["icon"], row["name"] or row["slug"], row["description"] or "",
                  counts[row["id"]], []) for row in named.values() if counts.get(row["id"])]  # fmt: skip


def _one_of(published: str) -> str:
    """The id of the translation to show of article `a`: the reader's language, the original's, any."""
    mine = f"SELECT x.id FROM article_translation x WHERE x.article_id = a.id{published}"
    return (f"COALESCE(({mine} AND x.locale = ?), ({mine} AND x.locale = a.locale),"
            f" (SELECT MIN(x.id) FROM article_translation x WHERE x.article_id = a.id{published}))")  # fmt: skip


READABLE_ONE, ANY_ONE = _one_of(" AND x.published_at IS NOT NULL"), _one_of("")


async def popular(principal: Principal, limit: int = 6) -> list[Listed]:
    where, values = readable(principal)
    return await _list(f"SELECT a.* FROM article a WHERE {where} ORDER BY a.views DESC, a.id LIMIT ?", *values, limit)


async def on_shelf(principal: Principal, category_id: int, limit: int = 200) -> list[Listed]:
    where, values = readable(principal)
    return await _list(
        f"SELECT a.* FROM article a WHERE {where} AND a.category_id = ? ORDER BY a.views DESC, a.id LIMIT ?",
        *values, category_id, limit,
    )  # fmt: skip


async def fill(principal: Principal, shelves: list[Shelf], each: int = 4) -> None:
    """The first articles of every shelf, in one read."""
    where, values = readable(principal)
    found = await _list(
        "SELECT n.* FROM (SELECT a.*, ROW_NUMBER() OVER"
        " (PARTITION BY a.category_id ORDER BY a.views DESC, a.id) AS place"
        f" FROM article a WHERE {where} AND a.category_id IS NOT NULL) n WHERE n.place <= ?",
        *values, each,
    )  # fmt: skip
    for shelf in shelves:
        shelf.articles = [one for one in found if one.category_id == shelf.id]


async def _list(chosen: str, *values: Any) -> list[Listed]:
    """The chosen articles, each in the language for this reader. Chosen first: the languages of few are looked up."""
    found = await rows(
        "SELECT a.id, a.category_id, a.views, t.title, t.slug, t.excerpt, t.locale, t.updated_at, t.phrasings"
        f" FROM ({chosen}) a JOIN article_translation t ON t.id = {READABLE_ONE} ORDER BY a.views DESC, a.id",
        *values, here().language,
    )  # fmt: skip
    return [_listed(row) for row in found]


def _listed(row: Any) -> Listed:
    moment = when(row["updated_at"])
    assert moment is not None
    return Listed(int(row["id"]), row["title"], path_of(row["slug"]), row["excerpt"], row["locale"], moment,
                  row["category_id"], _json(row["phrasings"]))  # fmt: skip


async def shelf_names(ids: list[int]) -> dict[int, Shelf]:
    """Categories by id, in the reader's language where they have it."""
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    found = await rows(
        f"SELECT c.id, c.slug, c.icon, t.locale, t.name, t.description FROM category c"
        f" LEFT JOIN category_translation t ON t.category_id = c.id WHERE c.id IN ({marks})",
        *ids,
    )
    made: dict[int, Shelf] = {}
    for row in found:
        if int(row["id"]) not in made or row["locale"] == here().language:
            made[int(row["id"])] = Shelf(int(row["id"]), row["slug"], row["icon"], row["name"] or row["slug"],
                                         row["description"] or "", 0, [])  # fmt: skip
    return made


async def shelf_names_of(article_ids: list[int]) -> dict[int, str]:
    """The category's name of each of these articles."""
    if not article_ids:
        return {}
    marks = ", ".join("?" * len(article_ids))
    found = await rows(
        f"SELECT id, category_id FROM article WHERE category_id IS NOT NULL AND id IN ({marks})", *article_ids
    )
    names = await shelf_names(list({int(row["category_id"]) for row in found}))
    return {int(row["id"]): names[int(row["category_id"])].name for row in found}
