"""Categories and articles, through the help centre's own import."""

from __future__ import annotations

from app.demo.files import HERE, Known, data
from core.database import rows
from core.principal import SYSTEM
from helpcenter.actions.categories import create_category
from helpcenter.imports import Options, plan_import, propose, read_files, read_path, run_import

SOURCE = "demo"


async def load(known: Known) -> None:
    for one in data("categories.json"):
        names = {locale: (one["name"][locale], one["description"][locale]) for locale in ("ja", "en")}
        await create_category(SYSTEM, one["slug"], names, icon=one["icon"], position=one["order"])
    format, files = read_path(HERE / "articles")
    found = await plan_import(SYSTEM, read_files(files, format, "ja"), Options(source=SOURCE, lang="ja", publish=True))
    if found.counts.get("refused"):
        raise RuntimeError(f"the demo's articles were refused: {found.report()}")
    ledger = await propose(SYSTEM, "articles", format, found)
    await run_import(SYSTEM, ledger.id)
    known.articles |= {
        row[0]: row[1] for row in await rows("SELECT source_id, id FROM article WHERE source = ?", SOURCE)
    }
