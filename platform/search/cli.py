"""`engawa search evaluate DIR` and `engawa search calibrate DIR…`: numbers on sets with known answers."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from pathlib import Path
from typing import Any

import msgspec

from core.errors import Refused
from core.i18n import _
from search.calibrate import report
from search.evaluate import Plan, evaluate
from search.noise import KINDS


def commands(subparsers: Any) -> None:
    """Add `search` with its verbs; each sets `run`, args → exit status."""
    room = subparsers.add_parser("search", help="measure search")
    verbs = room.add_subparsers(required=True, metavar="VERB")
    parser = verbs.add_parser("evaluate", help="index a set in a scratch database, ask its queries, score the answers")
    parser.add_argument("directory", type=Path, metavar="DIR", help="holds corpus.jsonl, queries.jsonl, qrels.tsv")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--phrasings", type=int, default=0, metavar="N", help="index N of each document's own queries")
    parser.add_argument("--noise", choices=KINDS, default="", help="spoil the queries; the others are left out")
    parser.add_argument(
        "--abstain",
        type=Path,
        metavar="NEGATIVES_DIR",
        help="what is answered while 5 %% of these are; the set itself: its unanswerable ones",
    )
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run_evaluate, needs_settings=False)
    parser = verbs.add_parser(
        "calibrate", help="fit the confidence on sets, each with another one's queries as strangers"
    )
    parser.add_argument("directories", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run_calibrate, needs_settings=False)


def run_evaluate(args: argparse.Namespace) -> int:
    server = os.environ.get("ENGAWA_DATABASE_URL", "")
    plan = Plan(args.engine, args.phrasings, args.noise, args.abstain, server)
    try:
        numbers = asyncio.run(evaluate(args.directory, plan))
    except (FileNotFoundError, NotADirectoryError, ValueError, msgspec.MsgspecError) as error:
        raise _not_a_set(args.directory, error) from error
    _show(numbers, args.json)
    return 0


def run_calibrate(args: argparse.Namespace) -> int:
    try:
        numbers = report(args.directories)
    except (FileNotFoundError, NotADirectoryError, ValueError, msgspec.MsgspecError) as error:
        raise _not_a_set(", ".join(map(str, args.directories)), error) from error
    _show(numbers, args.json)
    return 0


def _not_a_set(where: object, error: Exception) -> Refused:
    return Refused(_("%(path)s is not a set to evaluate: %(reason)s", path=where, reason=error))


def _show(numbers: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(numbers))
        return
    for name, value in numbers.items():
        print(f"{name:>20}  {value}")
