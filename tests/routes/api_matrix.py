"""Every route of /api/v1 × kind of key × own or foreign object, as expected_api.csv has it.

none: no key. outside: an administrator's key with every scope but the one needed. csm: all scopes, for the CSM whose
account is the own one. reader: all scopes of an administrator, reading only. admin: all scopes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matrix import Line, ask, filled
from objects import FRESH, Objects, People, factory_for, make_people

from access.actions import make_api_key
from access.api_keys import SCOPES
from core.database import write
from core.principal import SYSTEM
from core.web import routes_of

EXPECTED = Path(__file__).with_name("expected_api.csv")
KINDS = ("none", "outside", "csm", "reader", "admin")
HEAD = ("method", "path", "may", "object", *KINDS)


async def _key(person: Any, scopes: tuple[str, ...], **more: Any) -> str:
    return (await make_api_key("matrix", list(scopes), by=SYSTEM, person_id=person.id, per_minute=6000, **more))[1]


async def _keys(people: People) -> dict[str, str]:
    found = {f"outside {one}": await _key(people.admin, tuple(s for s in SCOPES if s != one)) for one in SCOPES}
    return found | {
        "none": "", "csm": await _key(people.csm, SCOPES), "admin": await _key(people.admin, SCOPES),
        "reader": await _key(people.admin, SCOPES, is_read_only=True),
    }  # fmt: skip


async def table(app: Any) -> list[Line]:
    people = await make_people()
    keys, lines = await _keys(people), []
    for method, template, may in routes_of(app):
        if not template.startswith("/api/v1/") or may == "anyone":
            continue
        make = factory_for(template)
        for whose in ("own", "foreign") if make else ("-",):
            found = []
            for kind in KINDS:
                made = await make(people) if make else Objects({}, {})
                path = filled(template, made.own if whose == "own" else made.foreign)
                found.append(await _status(app, method, path, keys[f"outside {may}" if kind == "outside" else kind]))
            lines.append((method, template, may, whose, *found))
    return lines


async def _status(app: Any, method: str, path: str, key: str) -> str:
    for statement in FRESH:
        await write(statement)
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {key}".encode())]
    return str((await ask(app, method, path, {}, b"" if method == "GET" else b"{}", headers))[0])
