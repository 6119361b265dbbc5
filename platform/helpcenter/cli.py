"""`engawa helpcenter import PATH`: articles and FAQs from JSONL, CSV or a folder of Markdown."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from core.context import Here, enter
from core.database import close_database, open_database
from core.errors import Refused
from core.i18n import LANGUAGES, _
from core.principal import SYSTEM
from core.settings import settings
from helpcenter.imports import Options, plan_import, propose, read_files, read_path, run_import
from helpcenter.imports.plan import Plan, source_of
from helpcenter.imports.reading import FORMATS

ROOMS = ("core", "search", "channels", "customers", "helpcenter")
SHOWN = 50


def commands(subparsers: Any) -> None:
    """Add `helpcenter` with its verbs; each sets `run`, args → exit status."""
    room = subparsers.add_parser("helpcenter", help="articles and FAQs")
    verbs = room.add_subparsers(required=True, metavar="VERB")
    parser = verbs.add_parser("import", help="bring in articles; the same file again changes nothing")
    parser.add_argument("path", type=Path, metavar="PATH", help="a .jsonl or .csv file, or a folder of Markdown")
    parser.add_argument("--format", choices=FORMATS)
    parser.add_argument("--category", default="", metavar="SLUG", help="for rows that do not name one")
    parser.add_argument("--lang", default="", choices=("", *LANGUAGES), help="for rows that do not say it")
    parser.add_argument("--audience", default="public", metavar="TOKENS", help="public, members, staff or account:7")
    parser.add_argument("--source", default="", metavar="NAME", help="whose ids these are (the file's name)")
    parser.add_argument("--publish", dest="publish", action="store_true", default=True, help="let new ones be read")
    parser.add_argument("--draft", dest="publish", action="store_false", help="keep new ones as drafts")
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    try:
        plan = asyncio.run(_import(args))
    except (Refused, OSError) as refusal:
        print(getattr(refusal, "sentence", None) or refusal, file=sys.stderr)
        return 1
    if args.json:
        report = plan.report()
        rows = [row for row in report.pop("rows") if row["outcome"] == "refused"]
        print(json.dumps({**report, "reasons": rows}, ensure_ascii=False))
    else:
        _say(plan, dry=args.dry_run)
    return 0


async def _import(args: argparse.Namespace) -> Plan:
    enter(Here(principal=SYSTEM, language=settings().default_language))
    format, files = read_path(args.path, args.format)
    options = Options(
        source=args.source[:60] or source_of(str(args.path)),
        category=args.category,
        lang=args.lang or settings().default_language,
        publish=args.publish,
        audience=args.audience,
    )
    rows = read_files(files, format, options.lang)
    await open_database(settings().database, ROOMS)
    try:
        plan = await plan_import(SYSTEM, rows, options)
        if not args.dry_run:
            ledger = await propose(SYSTEM, args.path.name, format, msgspec.structs.replace(plan))
            await run_import(SYSTEM, ledger.id)
        return plan
    finally:
        await close_database()


def _say(plan: Plan, *, dry: bool) -> None:
    counts = plan.counts
    print(_("Only looked; nothing was changed.") if dry else _("Done."))
    words = {"created": _("Created"), "updated": _("Updated"), "unchanged": _("Unchanged"), "refused": _("Refused")}
    for outcome, number in counts.items():
        print(f"  {words[outcome]}: {number}")
    refused = [row for row in plan.rows if row.outcome == "refused"]
    for row in refused[:SHOWN]:
        print(f"  {row.where}: {row.reason}" + (f"  ({row.title[:40]})" if row.title else ""), file=sys.stderr)
    if len(refused) > SHOWN:
        print(_("  … and %(n)s more; --json lists all.", n=len(refused) - SHOWN), file=sys.stderr)
