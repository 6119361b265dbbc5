"""`engawa move`, `engawa backup`, `engawa restore`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from core.clock import now
from core.settings import address_of, settings


def commands(parsers: Any) -> None:
    move = parsers.add_parser("move", help="carry this installation to another database, checked row for row")
    move.add_argument("--to", required=True, metavar="URL", help="an empty one: postgresql://… or sqlite:///…")
    backup = parsers.add_parser("backup", help="database and media in one file, while Engawa runs")
    backup.add_argument("file", nargs="?", type=Path, help="engawa-DATE-TIME.tar.gz in this folder by default")
    restore = parsers.add_parser("restore", help="a back-up into an empty database and media folder")
    restore.add_argument("file", type=Path)
    for parser, run in ((move, run_move), (backup, run_backup), (restore, run_restore)):
        parser.add_argument("--json", action="store_true")
        parser.set_defaults(run=run)


def run_move(given: argparse.Namespace) -> int:
    from app.moving.carrying import carry, named

    if not given.to.startswith("sqlite://"):
        address_of("--to", given.to)
    sums = asyncio.run(carry(settings().database, given.to, _progress(given)))
    tables = {name: found.count for name, found in sums.items()}
    _finish(given, {"to": named(given.to), "tables": tables, "rows": sum(tables.values())},
            "{rows} rows moved, and each compared. Set ENGAWA_DATABASE_URL to the new address and start.")  # fmt: skip
    return 0


def run_backup(given: argparse.Namespace) -> int:
    from app.moving.archive import as_json, back_up

    target = given.file or Path(f"engawa-{now():%Y%m%d-%H%M%S}.tar.gz")
    manifest = as_json(asyncio.run(back_up(settings(), target, _progress(given))))
    _finish(given, manifest | {"file": str(target)},
            "{file}: {rows} rows, {media} media files. Keep ENGAWA_SECRET_KEY, too, in another place.")  # fmt: skip
    return 0


def run_restore(given: argparse.Namespace) -> int:
    from app.moving.archive import as_json, restore

    manifest = as_json(asyncio.run(restore(settings(), given.file, _progress(given))))
    _finish(given, manifest, "{rows} rows and {media} media files of {made_at} are back, and each row compared.")
    return 0


def _progress(given: argparse.Namespace) -> Any:
    """One line a table on standard error, for a person who watches."""
    last = ""

    def said(table: str, rows: int) -> None:
        nonlocal last
        if sys.stderr.isatty() and not given.json:
            print(f"{'' if table == last or not last else chr(10)}\r{table}: {rows}", end="", file=sys.stderr)
            last = table

    return said


def _finish(given: argparse.Namespace, found: dict[str, Any], sentence: str) -> None:
    rows = sum(entry[0] if isinstance(entry, list) else entry for entry in found["tables"].values())
    print(json.dumps(found, ensure_ascii=False) if given.json else sentence.format(**{"rows": rows} | found))
