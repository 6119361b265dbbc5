"""`engawa customers import FILE.csv`: exit status 0, 1 refused with a sentence, 2 wrong usage."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from core.context import Here, enter
from core.errors import Refused
from core.i18n import _
from core.principal import SYSTEM
from core.settings import settings


def commands(subparsers: Any) -> None:
    """Called by app/cli.py."""
    room = subparsers.add_parser("customers", help="accounts, people, contracts").add_subparsers(required=True)
    found = room.add_parser("import", help="import accounts, people or contracts from a CSV file")
    found.add_argument("file", metavar="FILE.csv")
    found.add_argument(
        "--map", action="append", default=[], metavar="COLUMN=field", help="say what a column is; - ignores it"
    )
    found.add_argument("--source", default="csv", help="which system the file comes from (default: csv)")
    found.add_argument("--kind", default="", choices=["", "accounts", "people", "contracts"], help="default: found out")
    found.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
    found.add_argument("--json", action="store_true", help="print the counts as JSON")
    found.set_defaults(run=run_import)


def run_import(args: argparse.Namespace) -> int:
    mapping: dict[str, str] = {}
    for one in args.map:
        column, sign, field = one.rpartition("=")
        if not sign or not column:
            print(_("Write --map COLUMN=field, not “%(given)s”.", given=one), file=sys.stderr)
            return 2
        mapping[column] = field
    path = Path(args.file)
    if not path.is_file():
        print(_("There is no file %(path)s.", path=args.file), file=sys.stderr)
        return 2
    try:
        counts, refusals = asyncio.run(_import(path, args, mapping))
    except Refused as refused:
        print(refused.sentence, file=sys.stderr)
        return 1
    print(json.dumps(counts) if args.json else _words(counts))
    for number, outcome, reason in refusals:
        print(_("row %(row)s: %(outcome)s: %(reason)s", row=number, outcome=outcome, reason=reason), file=sys.stderr)
    return 0


def _words(counts: dict[str, int]) -> str:
    return "  ".join(f"{name} {count:,}" for name, count in counts.items())


async def _import(
    path: Path, args: argparse.Namespace, mapping: dict[str, str]
) -> tuple[dict[str, int], list[tuple[int, str, str]]]:
    from core.database import close_database, open_database, rows, transaction
    from core.migrating import pending
    from customers.imports import run

    enter(Here(principal=SYSTEM, language=settings().default_language, time_zone=settings().time_zone))
    if path.stat().st_size > settings().max_upload * 10:
        raise Refused(_("The file is too large. Cut it in parts."))
    rooms = ["core", "search", "channels", "customers"]
    await open_database(settings().database, rooms)
    try:
        if await pending(settings().database, rooms):
            raise Refused(_("The database is not up to date. Run: engawa migrate"))
        refusals: list[Any] = []
        counts: dict[str, int] = {}
        try:
            async with transaction():
                batch = await run.start(path.read_bytes(), file_name=path.name, source=args.source, kind=args.kind,
                                        mapping=mapping)  # fmt: skip
                counts = dict(await (run.preview(batch) if args.dry_run else run.apply(batch)))
                refusals = await rows(
                    "SELECT number, outcome, reason FROM import_row WHERE batch_id = ?"
                    " AND outcome IN ('review', 'refused') ORDER BY number LIMIT 50",
                    batch.id,
                )
                if args.dry_run:
                    raise _Undo
        except _Undo:
            pass
        return counts, [(row[0], row[1], row[2]) for row in refusals]
    finally:
        await close_database()


class _Undo(Exception):
    """A dry run leaves not even its ledger."""
