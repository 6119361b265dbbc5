"""From a session's cookie or an API key to the Principal: read at every request, so what was revoked is revoked."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from access import api_keys, brands
from access.sessions import FALSE, IDLE, STAFF_IDLE, STAFF_LIFE, cookie_name, hashed
from core.clock import local_day, now, when
from core.database import dialect, glance, rows, write
from core.principal import MEMBER, NOBODY, Grant, Principal
from customers.rights import use_rights

SEEN_EVERY = timedelta(minutes=5)
API = "/api/"  # only keys speak there: a browser's cookie is worth nothing, so no page can make it act

# One statement: the session with its person, then what the person holds, each row said by `kind`. `me` is one row at
# most and said so: joined to it, SQLite reads a million memberships (110 ms) to make a filter of them first.
PERSON = "p.family_name, p.given_name, p.handle, p.email, p.locale, p.time_zone"
BY_SESSION = f"""
  SELECT s.id AS session_id, s.person_id, s.created_at, s.last_seen_at, s.expires_at, s.renew_by, {PERSON},
         COALESCE(s.confirmed_at, s.created_at) AS proved_at,
         (SELECT MIN(f.id) FROM second_factor f WHERE f.person_id = p.id AND f.confirmed_at IS NOT NULL) AS factor
  FROM session s JOIN person p ON p.id = s.person_id
  WHERE s.token_hash = ? AND s.revoked_at IS NULL AND s.awaits_factor = {FALSE} AND p.state = 'active'
"""
BY_PERSON = f"""
  SELECT 0 AS session_id, p.id AS person_id, p.created_at, p.created_at AS last_seen_at, p.created_at AS expires_at,
         NULL AS renew_by, {PERSON}, p.created_at AS proved_at, 0 AS factor
  FROM person p WHERE p.id = ? AND p.state = 'active'
"""
HELD = """
WITH me AS ({me})
SELECT 0 AS kind, session_id AS a, person_id AS b, CAST(created_at AS TEXT) AS c, CAST(last_seen_at AS TEXT) AS d,
       CAST(expires_at AS TEXT) AS e, CAST(renew_by AS TEXT) AS f, family_name AS g, given_name AS h, handle AS i,
       email AS j, locale AS k, time_zone AS l, CAST(proved_at AS TEXT) AS m, factor AS n FROM me
UNION ALL
SELECT 1, r.rank, CASE WHEN r.all_accounts THEN 1 ELSE 0 END, r.slug, CAST(r.capabilities AS TEXT),
       CAST(r.factor_due_at AS TEXT), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM role_assignment ra JOIN role r ON r.id = ra.role_id WHERE ra.person_id = (SELECT person_id FROM me)
UNION ALL
SELECT 2, m.account_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM membership m
  WHERE m.person_id = (SELECT person_id FROM me)
    AND (m.until IS NULL OR m.until >= ?) AND (m.since IS NULL OR m.since <= ?)
UNION ALL
SELECT 3, a.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM account a WHERE a.csm_id = (SELECT person_id FROM me)
UNION ALL
SELECT 3, a.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM account a WHERE a.deputy_id = (SELECT person_id FROM me)
UNION ALL
SELECT 4, g.id, NULL, g.scope, CAST(g.capabilities AS TEXT), CAST(g.expires_at AS TEXT),
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM scoped_grant g
  WHERE g.person_id = (SELECT person_id FROM me) AND g.revoked_at IS NULL AND g.expires_at > ?
"""
BY_TOKEN = HELD.format(me=BY_SESSION)
SESSION, ROLE, MEMBER_OF, CSM_OF, GRANT = range(5)


class Found(msgspec.Struct):
    """A session that is still good, and whose it is."""

    principal: Principal
    last_seen_at: datetime
    renew_by: datetime | None = None


async def identify(request: Any) -> Principal:
    """For `core.entrance.use_identify`: every request passes here, so the brand's name is looked after here too."""
    await brands.refresh()
    if request.scope["path"].startswith(API):
        return await api_keys.caller(request, rights_of)
    token = request.cookies.get(cookie_name(), "")
    if not 20 <= len(token) <= 100:
        return NOBODY
    found = await find(token)
    if found is None:
        return NOBODY
    if now() - found.last_seen_at > SEEN_EVERY:
        await seen(found.principal)
    return found.principal


async def still(request: Any) -> Principal:
    """Who asks, asked again during a long answer. An open page is not somebody who is there: `seen` is not moved."""
    found = await find(request.cookies.get(cookie_name(), ""))
    return found.principal if found else NOBODY


async def find(token: str) -> Found | None:
    """Who holds this token, with live rights; None when it is unknown, revoked, expired or too long unused."""
    today, moment = _day(), now()
    read = await glance(BY_TOKEN, hashed(token), today, today, moment)
    if not read or read[0]["kind"] != SESSION:
        return None
    principal = _principal(read)
    found = Found(principal, when(read[0]["d"]), when(read[0]["f"]))  # type: ignore[arg-type]
    return found if _is_open(read[0], found, moment) else None


async def rights_of(person_id: int) -> Principal:
    """What this person may do now, without a session; NOBODY when they may not sign in."""
    today = _day()
    read = await rows(HELD.format(me=BY_PERSON), person_id, today, today, now())
    if not read or read[0]["kind"] != SESSION:
        return NOBODY
    return msgspec.structs.replace(_principal(read), session_id=None)


def _is_open(me: Any, found: Found, moment: datetime) -> bool:
    created, expires = datetime.fromisoformat(me["c"]), datetime.fromisoformat(me["e"])
    if found.principal.is_staff:
        expires = min(expires, created + STAFF_LIFE)
    idle = STAFF_IDLE if found.principal.is_staff else IDLE
    return moment < expires and moment - found.last_seen_at < idle and (not found.renew_by or moment < found.renew_by)


def _day() -> date | str:
    today = local_day()
    return today if dialect() == "postgresql" else today.isoformat()


def _principal(read: list[Any]) -> Principal:
    me = read[0]
    roles = sorted((row for row in read if row["kind"] == ROLE), key=lambda row: -row["a"])
    held = MEMBER.union(*(json.loads(row["d"]) for row in roles))
    due = [moment for row in roles if row["e"] and (moment := when(row["e"]))]
    if due and me["n"] is None and min(due) <= now():  # they may do what members may, and set their factor up
        return msgspec.structs.replace(_member(me), lacks_factor=True)
    return Principal(
        person_id=me["b"], session_id=me["a"], name=_name(me), role=roles[0]["c"] if roles else "member",
        capabilities=held, all_accounts=any(row["b"] for row in roles),
        accounts=frozenset(row["a"] for row in read if row["kind"] == MEMBER_OF),
        own_accounts=frozenset(row["a"] for row in read if row["kind"] == CSM_OF),
        grants=tuple(_grant(row) for row in read if row["kind"] == GRANT),
        language=me["k"], time_zone=me["l"], proved_at=when(me["m"]),
    )  # fmt: skip


def _member(me: Any) -> Principal:
    return Principal(person_id=me["b"], session_id=me["a"], name=_name(me), role="member", capabilities=MEMBER,
                     language=me["k"], time_zone=me["l"], proved_at=when(me["m"]))  # fmt: skip


def _name(me: Any) -> str:
    names = (me["g"], me["h"]) if me["k"] == "ja" else (me["h"], me["g"])
    return " ".join(name for name in names if name) or me["i"] or (me["j"] or "").split("@")[0]


def _grant(row: Any) -> Grant:
    return Grant(row["c"], frozenset(json.loads(row["d"])), when(row["e"]), row["a"])


async def seen(principal: Principal) -> None:
    """At most every five minutes: the session and the person were here."""
    moment = now()
    await write("UPDATE session SET last_seen_at = ? WHERE id = ?", moment, principal.session_id)
    await write("UPDATE person SET last_seen_at = ? WHERE id = ?", moment, principal.person_id)


use_rights(rights_of)
