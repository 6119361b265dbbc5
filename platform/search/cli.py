"""`engawa search evaluate DIR`: the numbers of search on a set with known answers."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from core.errors import Refused
from core.i18n import _
from search.evaluate import evaluate


def commands(subparsers: Any) -> None:
    """Add `search` with its verbs; each sets `run`, args → exit status."""
    room = subparsers.add_parser("search", help="measure search")
    verbs = room.add_subparsers(required=True, metavar="VERB")
    parser = verbs.add_parser("evaluate", help="index a set in a scratch database, ask its queries, score the answers")
    parser.add_argument("directory", type=Path, metavar="DIR", help="holds corpus.jsonl, queries.jsonl, qrels.tsv")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--phrasings", type=int, default=0, metavar="N", help="index N of each document's own queries")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run_evaluate)


def run_evaluate(args: argparse.Namespace) -> int:
    try:
        server = os.environ.get("ENGAWA_DATABASE_URL", "")
        numbers = asyncio.run(evaluate(args.directory, args.engine, args.phrasings, server=server))
    except (OSError, ValueError, msgspec.DecodeError) as error:
        print(_("%(path)s is not a set to evaluate: %(reason)s", path=args.directory, reason=error), file=sys.stderr)
        return 1
    except Refused as refusal:
        print(refusal.sentence, file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(numbers))
    else:
        for name, value in numbers.items():
            print(f"{name:>13}  {value}")
    return 0
