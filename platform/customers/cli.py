"""`engawa customers …`: exit status 0, 1 refused with a sentence, 2 wrong usage."""

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
    found = room.add_parser("import", help="import accounts, people, contracts or purchases from a file")
    found.add_argument("file", metavar="FILE", help="CSV, TSV, .xlsx or vCard")
    found.add_argument(
        "--map", action="append", default=[], metavar="COLUMN=field", help="say what a column is; - ignores it"
    )
    found.add_argument("--source", default="csv", help="which system the file comes from (default: csv)")
    found.add_argument(
        "--kind", default="", choices=["", "accounts", "people", "contracts", "purchases"], help="default: found out"
    )
    found.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
    found.add_argument("--json", action="store_true", help="print the counts as JSON")
    found.set_defaults(run=run_import)
    _evaluation(room)


def _evaluation(room: Any) -> None:
    found = room.add_parser("evaluate-matching", help="precision and recall of the matcher on files with a known truth")
    found.add_argument("left", metavar="LEFT.csv")
    found.add_argument("right", metavar="RIGHT.csv", nargs="?", help="a second source; without it: duplicates within")
    found.add_argument("--truth", required=True, metavar="COLUMN", help="equal where two rows are the same one")
    found.add_argument("--without", action="append", default=[], metavar="FIELD", help="as if the file did not have it")
    found.add_argument("--json", action="store_true", help="print the figures as JSON")
    found.set_defaults(run=run_evaluation, needs_settings=False)


def run_evaluation(args: argparse.Namespace) -> int:
    from customers.matching.evaluate import evaluate

    enter(Here(principal=SYSTEM))
    paths = [Path(name) for name in (args.left, args.right) if name]
    for path in paths:
        if not path.is_file():
            print(_("There is no file %(path)s.", path=path), file=sys.stderr)
            return 2
    try:
        said = evaluate(paths[0], paths[1] if args.right else None, args.truth, frozenset(args.without))
    except Refused as refused:
        print(refused.sentence, file=sys.stderr)
        return 1
    print(json.dumps(said) if args.json else _figures(said))
    return 0


def _figures(said: dict[str, Any]) -> str:
    names = {"automatic": _("automatic merges"), "with_review": _("automatic + review")}
    keys = ("precision", "recall", "f1", "pairs")
    lines = [f"{name}: " + "  ".join(f"{key} {said[part][key]}" for key in keys) for part, name in names.items()]
    return "\n".join([*lines, _("%(n)s pairs a second", n=f"{said['pairs_per_second']:,}")])


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
    words = {"review": _("To review"), "refused": _("Refused")}
    for number, outcome, reason in refusals:
        said = words.get(outcome, outcome)
        print(_("row %(row)s: %(outcome)s: %(reason)s", row=number, outcome=said, reason=reason), file=sys.stderr)
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
                batch = await run.start(path, file_name=path.name, source=args.source, kind=args.kind,
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
