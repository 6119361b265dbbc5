"""The second factor: setting it up, passing it at the door, losing and removing it, asking it of a role."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Any

import msgspec

from access import mails, policy, throttle, totp, watching
from access.factor_models import SecondFactor
from access.sessions import close_all_sessions, finish_session, renew_session, waiting_for_factor
from core import vault
from core.audit import audit
from core.clock import now, when
from core.database import lock, rows, transaction, write
from core.entrance import client_ip
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from core.settings import settings
from customers import touches
from customers.models import Person

CODES = 10
LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that are taken for another


class Beginning(msgspec.Struct, frozen=True):
    """What somebody scans or types to set their device up."""

    secret: str
    picture: str


async def has_factor(person_id: int) -> bool:
    return bool(await rows("SELECT 1 FROM second_factor WHERE person_id = ? AND confirmed_at IS NOT NULL", person_id))


async def begin(person_id: int) -> None:
    """A fresh secret, that counts once a code of it was typed. Raises Conflict when there is a factor already."""
    sealed = vault.seal({"totp": totp.new_secret()})
    made = await write(
        "INSERT INTO second_factor (person_id, sealed, last_step, created_at) VALUES (?, ?, 0, ?)"
        " ON CONFLICT (person_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at"
        " WHERE second_factor.confirmed_at IS NULL RETURNING id", person_id, sealed, now(),
    )  # fmt: skip
    if not made:
        raise Conflict(_("You have a second factor already. Remove it first."))


async def beginning(person_id: int, issuer: str) -> Beginning | None:
    """What was begun and is not confirmed yet."""
    found = await SecondFactor.get_or_none(person_id=person_id, confirmed_at=None)
    if found is None:
        return None
    person = await Person.get(id=person_id)
    secret = str(vault.unseal(found.sealed)["totp"])
    return Beginning(secret, totp.picture(totp.address(secret, person.email or person.full_name, issuer)))


async def confirm(person_id: int, code: str, request: Any, *, session_id: int | None) -> list[str] | None:
    """The device works: it counts from now on, other sessions end, and the recovery codes are given, once.

    None for a wrong code. Raises TooMany.
    """
    async with transaction():
        await lock(f"access.person:{person_id}")
        if not await _right_code(person_id, code, request, is_new=True):
            return None
        await write("UPDATE second_factor SET confirmed_at = ? WHERE person_id = ?", now(), person_id)
        await close_all_sessions(person_id, but=session_id)
        await audit("factor.add", Ref("person", person_id))
        await _tell(person_id, "added")
        return await _fresh_codes(person_id)


async def fresh_codes(person_id: int) -> list[str]:
    """New recovery codes; the old ones no longer work."""
    async with transaction():
        await audit("factor.codes", Ref("person", person_id))
        return await _fresh_codes(person_id)


async def _fresh_codes(person_id: int) -> list[str]:
    made = ["".join(secrets.choice(LETTERS) for _n in range(10)) for _m in range(CODES)]
    await write("DELETE FROM recovery_code WHERE person_id = ?", person_id)
    for one in made:
        await write("INSERT INTO recovery_code (person_id, code_hash, created_at) VALUES (?, ?, ?)",
                    person_id, _hashes(person_id, one)[0], now())  # fmt: skip
    return [f"{one[:5]}-{one[5:]}" for one in made]


def _hashes(person_id: int, code: str) -> list[str]:
    """Under the newest secret key first; older ones still open."""
    said = f"recovery:{person_id}:{code}".encode()
    return [hmac.new(key.encode(), said, hashlib.sha256).hexdigest() for key in settings().secret_keys]


async def passes(person_id: int, typed: str, request: Any) -> bool:
    """Whether `typed` is a code of the device that was not used yet, or a recovery code, which it uses up. TooMany."""
    ip, account = client_ip(request.scope), f"person:{person_id}"
    await throttle.attempt("factor", account, ip)
    code = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed)).upper()
    right = await _right_code(person_id, code, None) if code.isdigit() else await _right_paper(person_id, code)
    if right:
        await throttle.succeeded("factor", account, ip)
    else:
        watching.refused("second factor", "wrong", request, person_id)
    return right


async def _right_code(person_id: int, code: str, request: Any, *, is_new: bool = False) -> bool:
    """A code counts once: of many at once with the same one, one moves `last_step`."""
    if request is not None:
        await throttle.attempt("factor", f"person:{person_id}", client_ip(request.scope))
    found = await SecondFactor.get_or_none(person_id=person_id, confirmed_at__isnull=is_new)
    if found is None:
        return False
    typed = re.sub(r"\D", "", unicodedata.normalize("NFKC", code))
    step = totp.step_of(str(vault.unseal(found.sealed)["totp"]), typed, now().timestamp())
    if step is None:
        return False
    return bool(await write("UPDATE second_factor SET last_step = ? WHERE id = ? AND last_step < ? RETURNING id",
                            step, found.id, step))  # fmt: skip


async def _right_paper(person_id: int, code: str) -> bool:
    hashes = _hashes(person_id, code)
    marks = ", ".join("?" * len(hashes))
    used = await write(
        f"UPDATE recovery_code SET used_at = ? WHERE person_id = ? AND used_at IS NULL AND code_hash IN ({marks})"
        " RETURNING id", now(), person_id, *hashes,
    )  # fmt: skip
    if used:
        await audit("factor.paper", Ref("person", person_id))
        await _tell(person_id, "paper")
    return bool(used)


async def left_on_paper(person_id: int) -> int:
    found = await rows("SELECT COUNT(*) FROM recovery_code WHERE person_id = ? AND used_at IS NULL", person_id)
    return int(found[0][0])


# At the door ---------------------------------------------------------------------------------------------------


async def finish(token: str, typed: str, request: Any) -> tuple[int, str] | None:
    """Whoever gave a password gives the code: (person, a new token), or None for a wrong code."""
    waiting = await waiting_for_factor(token)
    if waiting is None:
        raise Refused(_("This took too long. Sign in again."))
    if not await passes(waiting, typed, request):
        return None
    made = await finish_session(token, request)
    if made is None:
        raise Refused(_("This took too long. Sign in again."))
    return waiting, made


async def step_up(principal: Principal, request: Any) -> str | None:
    """They proved once more that it is them: a new token, for which pages that ask for that open for a while."""
    return await renew_session(principal.session_id or 0, request)


# Removing ------------------------------------------------------------------------------------------------------


async def remove(person_id: int, *, by: Principal, reason: str = "") -> None:
    """One's own, unless a role asks for it; somebody else's for administrators (the phone is lost)."""
    if by.person_id == person_id:
        if await due_of(person_id) is not None:
            raise Refused(_("Your role asks for a second factor. Set up another device instead."))
    else:
        ensure(policy.can_manage_staff(by))
    async with transaction():
        gone = await write("DELETE FROM second_factor WHERE person_id = ? RETURNING id", person_id)
        if not gone:
            raise NotFound(_("There is no second factor."))
        await write("DELETE FROM recovery_code WHERE person_id = ?", person_id)
        if by.person_id != person_id:
            await close_all_sessions(person_id)
        await audit("factor.remove", Ref("person", person_id), reason=reason)
        await _tell(person_id, "removed")


async def _tell(person_id: int, what: str) -> None:
    person = await Person.get(id=person_id)
    if person.email:
        key = f"factor:{person_id}:{now():%s%f}"
        await mails.send_factor_changed(person.email, what, person.locale, key=key)
        await touches.passes(person_id, "email", "transactional", key)


# Asked of a role -----------------------------------------------------------------------------------------------


async def ask_of_role(slug: str, days: int, *, by: Principal) -> None:
    """Who holds this role has `days` to set a second factor up; afterwards they may only do that."""
    ensure(policy.can_manage_staff(by))
    due = now() + timedelta(days=days)
    async with transaction():
        if not await write("UPDATE role SET factor_due_at = ? WHERE slug = ? RETURNING id", due, slug):
            raise NotFound(_("There is no such role."))
        await audit("factor.ask", Ref("role", 0), after={"role": slug, "due": due.isoformat()})


async def no_longer_ask(slug: str, *, by: Principal) -> None:
    ensure(policy.can_manage_staff(by))
    async with transaction():
        if await write("UPDATE role SET factor_due_at = NULL WHERE slug = ? AND factor_due_at IS NOT NULL RETURNING id",
                       slug):  # fmt: skip
            await audit("factor.not_ask", Ref("role", 0), after={"role": slug})


async def due_of(person_id: int) -> datetime | None:
    """When the earliest of this person's roles asks for a second factor; None when none does."""
    found = await rows("SELECT MIN(r.factor_due_at) FROM role_assignment ra JOIN role r ON r.id = ra.role_id"
                       " WHERE ra.person_id = ? AND r.factor_due_at IS NOT NULL", person_id)  # fmt: skip
    return when(found[0][0])
