"""`engawa admin create --email ADDRESS`: an administrator, and a link that signs them in once; `forget-factor`."""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

from core.database import close_database, open_database
from core.errors import Refused
from core.settings import settings

ROOMS = ("core", "search", "channels", "customers", "access")


def commands(subparsers: Any) -> None:
    room = subparsers.add_parser("admin", help="administrators")
    verbs = room.add_subparsers(required=True, metavar="VERB")
    parser = verbs.add_parser("create", help="make an administrator and print a link that signs them in once")
    parser.add_argument("--email", required=True)
    parser.add_argument("--name", default="", help="family name, or family name and given name")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run_create)
    lost = verbs.add_parser("forget-factor", help="remove somebody's second factor: their phone and codes are lost")
    lost.add_argument("--email", required=True)
    lost.set_defaults(run=run_forget_factor)


def run_forget_factor(given: argparse.Namespace) -> int:
    print(asyncio.run(_forget_factor(given.email)))
    return 0


async def _forget_factor(email: str) -> str:
    from access.actions.factor import remove
    from core.principal import SYSTEM
    from customers.people import normal_email, person_by_identity

    await open_database(settings().database, ROOMS)
    try:
        person = await person_by_identity("email", normal_email(email), verified_only=False)
        if person is None:
            raise Refused("Nobody has this address.")
        await remove(person.id, by=SYSTEM)
        return f"{person.email} signs in without a second factor now."
    finally:
        await close_database()


def run_create(given: argparse.Namespace) -> int:
    found = asyncio.run(_create(given.email, given.name))
    if given.json:
        print(json.dumps(found))
    else:
        print(f"{found['email']} is an administrator. Open this once, within 24 hours:\n{found['link']}")
    return 0


async def _create(email: str, name: str) -> dict[str, Any]:
    from access.actions.staff import make_admin

    family, _space, given = name.strip().partition(" ")
    await open_database(settings().database, ROOMS)
    try:
        person, link = await make_admin(email, family, given)
        return {"id": person.id, "email": person.email, "link": link}
    finally:
        await close_database()
