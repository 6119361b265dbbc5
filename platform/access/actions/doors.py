"""Coming in and going out: by password, by link, by signing up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from access import links, passwords, throttle, watching
from access.actions import factor
from access.events import SignedIn
from access.jobs import send_link
from access.models import SignInLink
from access.sessions import close_session, cookie_name, hashed, open_session
from core.clock import local_day, now
from core.context import here
from core.database import lock, rows, transaction, write
from core.entrance import client_ip
from core.errors import NotFound
from core.events import announce
from core.i18n import _
from customers import people, timeline

PERSON = (
    "SELECT p.id, c.hash FROM identity i JOIN person p ON p.id = i.person_id"
    " LEFT JOIN credential c ON c.person_id = p.id WHERE i.kind = 'email' AND i.value = ? AND p.state = 'active'"
)


class Entered(msgspec.Struct, frozen=True):
    """Somebody came in: the token for their cookie, and where they wanted to go."""

    person_id: int
    token: str
    next: str = ""
    awaits_factor: bool = False


async def sign_in_by_password(address: str, password: str, request: Any) -> Entered | None:
    """None when address or password are wrong, after the same work either way. Raises TooMany."""
    ip = client_ip(request.scope)
    await throttle.attempt("password", address, ip)
    found = await rows(PERSON, address)
    kept = found[0]["hash"] if found else None
    if not await passwords.matches(password, kept):
        watching.refused("password", "wrong", request, found[0]["id"] if found else None)
        return None
    await throttle.succeeded("password", address, ip)
    if passwords.is_outdated(kept):
        fresh = await passwords.hash_of(password)
        await write("UPDATE credential SET hash = ? WHERE person_id = ? AND hash = ?", fresh, found[0]["id"], kept)
        kept = fresh
    return await enter(found[0]["id"], request, "password", kept=kept)


async def ask_for_link(address: str, request: Any, *, next: str = "", name: dict[str, str] | None = None) -> None:
    """Promise a mail; whether it will leave, and what it says, is decided later, so the answer tells nothing.

    `name` (family_name, given_name) is there when somebody signs up. Raises TooMany.
    """
    await throttle.attempt("link", address, client_ip(request.scope))
    async with transaction():
        await send_link.later(email=address, next=next, name=name or {}, language=here().language)


async def sign_in_by_link(token: str, request: Any) -> Entered | None:
    """Use a link up and come in; None when it was used or is too old. Raises Conflict for a suspended person."""
    async with transaction():
        link = await links.use(token)
        if link is None:
            watching.refused("link", "used or too old", request)
            return None
        person_id = link.person_id or await _claim(link)
        await write(
            "UPDATE identity SET verified_at = ? WHERE kind = 'email' AND value = ? AND person_id = ?"
            " AND verified_at IS NULL", now(), link.email, person_id,
        )  # fmt: skip
        await throttle.succeeded("link", link.email, client_ip(request.scope))
        found = await enter(person_id, request, "setup" if link.purpose == "setup" else "link")
        return msgspec.structs.replace(found, next=link.next) if found else None


async def _claim(link: SignInLink) -> int:
    """The person who holds this address by now (an import may have brought them), else a new one."""
    known = await people.person_by_identity("email", link.email, verified_only=False)
    if known is None:
        known = await people.register(
            family_name=link.data.get("family_name", ""), given_name=link.data.get("given_name", ""),
            email=link.email, source="sign_up", verified=True, locale=link.data.get("language", "ja"),
        )  # fmt: skip
        await timeline.record(known.id, "access.signed_up")
    return int(known.id)


async def enter(
    person_id: int, request: Any, way: str, *, kept: str | None = None, proved_at: datetime | None = None
) -> Entered | None:
    """A fresh session; whatever the browser held before is closed. With a second factor it waits for the code.

    None when the person was locked out meanwhile, or their password (`kept`, its hash) is another one by now.
    """
    async with transaction():
        await lock(f"access.person:{person_id}")
        still = await rows(
            "SELECT c.hash FROM person p LEFT JOIN credential c ON c.person_id = p.id"
            " WHERE p.id = ? AND p.state = 'active'", person_id,
        )  # fmt: skip
        if not still or (kept is not None and still[0][0] != kept):
            watching.refused(way, "locked", request, person_id)
            return None
        await _forget_old(request)
        awaits = await factor.has_factor(person_id)
        token = await open_session(person_id, request, way=way, awaits_factor=awaits, proved_at=proved_at)
        if not awaits:
            await _is_in(person_id, token)
    watching.came(way, person_id, request, awaits_factor=awaits)
    return Entered(person_id, token, awaits_factor=awaits)


async def _is_in(person_id: int, token: str) -> None:
    made = await rows("SELECT id FROM session WHERE token_hash = ?", hashed(token))
    await announce(SignedIn(person_id=person_id, session_id=made[0][0]))
    await timeline.record(person_id, "access.signed_in", key=f"access.signed_in:{person_id}:{local_day()}")


async def give_code(typed: str, request: Any) -> Entered | None:
    """The second factor of whoever this browser's waiting session is of; None for a wrong code. Raises TooMany."""
    async with transaction():
        found = await factor.finish(request.cookies.get(cookie_name(), ""), typed, request)
        if found is None:
            return None
        await _is_in(*found)
    watching.came("second factor", found[0], request)
    return Entered(*found)


async def _forget_old(request: Any) -> None:
    old = request.cookies.get(cookie_name(), "") if request is not None else ""
    if old:
        await write("UPDATE session SET revoked_at = ? WHERE token_hash = ? AND revoked_at IS NULL", now(), hashed(old))


async def sign_out() -> None:
    """Close the session of this request."""
    who = here().principal
    if who.session_id and who.person_id:
        await close_session(who.session_id, who.person_id)


async def end_session(session_id: int) -> None:
    """Close another session of one's own."""
    who = here().principal
    if who.person_id is None or not await close_session(session_id, who.person_id):
        raise NotFound(_("There is no such session."))
