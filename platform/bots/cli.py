"""`engawa connections add line|slack`, `engawa connections list`, `engawa slack manifest`."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from bots.manifest import as_yaml, manifest
from channels import checking, connections, sessions
from channels.models import Connection
from core.context import Here, enter
from core.database import close_database, open_database
from core.errors import Refused
from core.i18n import _
from core.principal import SYSTEM
from core.settings import settings

ROOMS = ("core", "channels")


def commands(subparsers: Any) -> None:
    """Add `connections` and `slack`; each verb sets `run`, args → exit status."""
    _connections(subparsers.add_parser("connections", help="LINE channels and Slack workspaces"))
    slack = subparsers.add_parser("slack", help="what Slack needs to know").add_subparsers(
        required=True, metavar="VERB"
    )
    printed = slack.add_parser("manifest", help="print the app manifest (YAML)")
    printed.add_argument("--name", default="Engawa", help="the app's name in Slack")
    printed.add_argument("--json", action="store_true")
    printed.set_defaults(run=run_manifest)


def _connections(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    add = verbs.add_parser("add", help="store a connection, encrypted, after the platform accepted it")
    add.add_argument("kind", choices=connections.KINDS)
    add.add_argument("--name", default="")
    for option in ("channel-secret", "access-token", "signing-secret", "bot-token"):
        variable = f"ENGAWA_{option.replace('-', '_').upper()}"
        add.add_argument(f"--{option}", default=os.environ.get(variable, ""), help=f"or {variable}, or asked")
    add.add_argument("--external-id", default="", help="the LINE bot's user id or the Slack team: then nobody is asked")
    add.add_argument("--provider", default="", help="of a LINE channel, where another one here has the same")
    add.add_argument("--json", action="store_true")
    add.set_defaults(run=run_add)
    listed = verbs.add_parser("list", help="what is connected")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=run_list)


def run_manifest(args: argparse.Namespace) -> int:
    made = manifest(args.name)
    print(json.dumps(made, indent=2) if args.json else as_yaml(made))
    return 0


def run_add(args: argparse.Namespace) -> int:
    given = {key: getattr(args, key) or _ask(key) for key in connections.NEEDED[args.kind]}

    async def work() -> Connection:
        try:
            if args.external_id:
                made = await connections.add(args.kind, args.name, args.external_id, given)
            else:
                made = await checking.connect(args.kind, args.name, given)
            if args.provider and args.kind == "line":
                await connections.change_settings(made.id, provider=args.provider.strip()[:120])
            return made
        finally:
            await sessions.close_clients()

    made = _with_database(work)
    said = {"id": made.id, "kind": made.kind, "name": made.name, "external_id": made.external_id}
    print(json.dumps(said, ensure_ascii=False) if args.json else f"{made.kind}: {made.name} ({made.external_id})")
    return 0


def run_list(args: argparse.Namespace) -> int:
    found = _with_database(lambda: _all())
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
    for one in found if not args.json else []:
        print("{id:>4}  {kind:6} {state:8} {name} ({external_id}) {last_error}".format(**one))
    return 0


async def _all() -> list[dict[str, Any]]:
    fields = ("id", "kind", "name", "external_id", "state", "last_error")
    return [dict(row) for row in await Connection.all().order_by("id").values(*fields)]


def _ask(key: str) -> str:
    if not sys.stdin.isatty():
        raise Refused(_("Missing: %(names)s.", names=key))
    return getpass.getpass(f"{key.replace('_', ' ')}: ")


def _with_database(work: Callable[[], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        await open_database(settings().database, ROOMS)
        enter(Here(principal=SYSTEM, language=settings().default_language))
        try:
            return await work()
        finally:
            await close_database()

    return asyncio.run(opened())
