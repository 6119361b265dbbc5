"""Addresses of articles: readable, kept when titles change, never two articles at one."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from core.database import rows, write
from core.errors import Conflict
from core.i18n import _
from helpcenter.models import RESERVED

LONGEST = 80
_break = re.compile(r"[^\w]+|_+")


def slug_of(title: str) -> str:
    """Letters and digits of any script joined by hyphens, lower case: `有給を繰り越す`, `power-bi-とは`."""
    plain = unicodedata.normalize("NFKC", title).lower()
    made = _break.sub("-", plain).strip("-")[:LONGEST].strip("-")
    return made or "article"


def path_of(slug: str) -> str:
    return f"/help/{quote(slug)}"


def category_path(slug: str) -> str:
    return f"/help/c/{quote(slug)}"


async def free_slug(wanted: str, article_id: int | None) -> str:
    """`wanted`, or with a number behind it when another article has or had it. Inside the saving transaction."""
    base, number = wanted[:LONGEST], 1
    slug = base if base not in RESERVED else f"{base}-1"
    while await is_taken(slug, article_id):
        number += 1
        slug = f"{base}-{number}"
    return slug


async def claim_slug(wanted: str, article_id: int) -> str:
    """A slug that somebody typed. Raises Conflict when another article has it."""
    slug = slug_of(wanted)
    if slug in RESERVED or await is_taken(slug, article_id):
        raise Conflict(_("Another article has the address “%(slug)s”. Choose another.", slug=slug))
    return slug


async def is_taken(slug: str, article_id: int | None) -> bool:
    found = await rows(
        "SELECT article_id FROM article_translation WHERE slug = ?"
        " UNION SELECT article_id FROM article_former_slug WHERE slug = ?",
        slug, slug,
    )  # fmt: skip
    return any(int(row[0]) != (article_id or 0) for row in found)


async def leave_behind(slug: str, article_id: int) -> None:
    """The article had this address: whoever comes to it is led on."""
    await write(
        "INSERT INTO article_former_slug (slug, article_id, created_at) VALUES (?, ?, CURRENT_TIMESTAMP)"
        " ON CONFLICT (slug) DO NOTHING",
        slug, article_id,
    )  # fmt: skip
