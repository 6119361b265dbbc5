"""What an import would do: each row compared with what is here. Writes the ledger's first line, nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from core.database import rows as read_rows
from core.errors import NotFound
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from helpcenter import policy
from helpcenter.imports.rows import Row
from helpcenter.models import ArticleImport

OUTCOMES = ("created", "updated", "unchanged", "refused")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How rows become articles where they do not say it themselves."""

    source: str
    category: str = ""
    lang: str = "ja"
    publish: bool = True
    audience: str = "public"
    brand: str = "default"


class Plan(msgspec.Struct):
    """Rows with their outcome, and what else would be made."""

    rows: list[Row]
    options: Options
    new_categories: list[str]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(row.outcome for row in self.rows)
        return {outcome: found.get(outcome, 0) for outcome in OUTCOMES}

    def report(self) -> dict[str, Any]:
        told = [{"where": row.where, "id": row.id, "title": row.title, "lang": row.locale, "outcome": row.outcome,
                 "reason": row.reason} for row in self.rows if row.outcome != "unchanged"]  # fmt: skip
        return {**self.counts, "new_categories": self.new_categories, "rows": told}


def source_of(name: str) -> str:
    """Ids are unique in their file, so the file's name is the source: two tools' `1` never meet."""
    return (Path(name).stem or "import")[:60]


async def plan_import(principal: Principal, rows: list[Row], options: Options) -> Plan:
    """Mark each row created, updated or unchanged; refused ones stay refused. Raises NotFound for a category of
    `--category` that is not there (one named in a row is made)."""
    ensure(policy.can_write(principal))
    shelves = await category_ids(options.brand)
    if options.category and options.category.lower() not in shelves:
        raise NotFound(_("There is no category “%(name)s”.", name=options.category))
    here = await _known(options.source)
    for row in rows:
        if row.outcome == "refused":
            continue
        article, digests = here.get(row.id, (None, {}))
        row.article_id = article
        before = digests.get(row.locale)
        row.outcome = "created" if before is None else "unchanged" if before == row.digest else "updated"
    wanted = [row.category for row in rows if row.category and row.outcome in ("created", "updated")]
    return Plan(rows, options, [name for name in dict.fromkeys(wanted) if name.lower() not in shelves])


async def category_ids(brand: str) -> dict[str, int]:
    """Categories by slug and by each of their names, lower case."""
    found = await read_rows(
        "SELECT c.id, c.slug, t.name FROM category c LEFT JOIN category_translation t ON t.category_id = c.id"
        " WHERE c.brand = ?",
        brand,
    )
    names = {row["name"].lower(): int(row["id"]) for row in found if row["name"]}
    return names | {row["slug"].lower(): int(row["id"]) for row in found}


async def _known(source: str) -> dict[str, tuple[int, dict[str, str]]]:
    """Articles of a source by their id there: (article, digest per language)."""
    known: dict[str, tuple[int, dict[str, str]]] = {}
    for row in await read_rows(
        "SELECT a.id, a.source_id, t.locale, t.import_digest FROM article a"
        " JOIN article_translation t ON t.article_id = a.id WHERE a.source = ? AND a.source_id IS NOT NULL",
        source,
    ):
        known.setdefault(row["source_id"], (int(row["id"]), {}))[1][row["locale"]] = row["import_digest"]
    return known


async def propose(principal: Principal, name: str, format: str, plan: Plan) -> ArticleImport:
    """Keep the plan, so that a person can look at it and say yes."""
    todo = [row for row in plan.rows if row.outcome in ("created", "updated")]
    return await ArticleImport.create(
        name=name[:200], format=format, source=plan.options.source, options=msgspec.to_builtins(plan.options),
        rows=msgspec.to_builtins(todo), report=plan.report(), total=len(todo), person_id=principal.person_id,
    )  # fmt: skip
