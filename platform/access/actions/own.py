"""What people change about themselves: name, language, time zone, password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from access import links, mails, passwords, throttle
from access.models import Credential
from access.sessions import close_all_sessions, open_session
from core.audit import audit
from core.clock import now
from core.database import lock, rows, transaction, write
from core.entrance import client_ip
from core.errors import Conflict, NotFound
from core.i18n import _
from core.principal import Principal
from core.refs import Ref
from customers import touches
from customers.models import Person

FRESH = timedelta(minutes=15)
OWN = ("family_name", "given_name", "handle", "locale", "time_zone")


async def change_profile(person: Person, **values: str) -> None:
    """Only the fields in OWN. Raises Conflict when somebody else has the handle."""
    changed = {name: values[name] for name in OWN if values.get(name, "") != getattr(person, name)}
    async with transaction():
        await lock("access.handle")
        if handle := changed.get("handle"):
            taken = await rows(
                "SELECT 1 FROM person WHERE LOWER(handle) = ? AND id <> ? AND state = 'active'",
                handle.lower(),
                person.id,
            )
            if taken:
                raise Conflict(_("Somebody else has this name. Choose another one."))
        if changed:
            await person.update_from_dict(changed).save(update_fields=[*changed])
            await write("UPDATE person SET version = version + 1, updated_at = ? WHERE id = ?", now(), person.id)


async def needs_current_password(principal: Principal) -> bool:
    """Not when there is none yet, and not within 15 minutes of coming in by a link."""
    if not await Credential.filter(person_id=principal.person_id).exists():
        return False
    since = now() - FRESH
    fresh = await rows(
        "SELECT 1 FROM session WHERE id = ? AND way IN ('link', 'setup') AND created_at > ?",
        principal.session_id,
        since,
    )
    return not fresh


async def may_set_password(principal: Principal, current: str, request: Any) -> bool:
    """Whether `current` is right, or none is needed. Guesses count like those at the door. Raises TooMany."""
    return not await needs_current_password(principal) or await is_password(principal, current, request)


async def is_password(principal: Principal, current: str, request: Any) -> bool:
    """Whether this is their password. Guesses count like those at the door. Raises TooMany."""
    ip, account = client_ip(request.scope), f"person:{principal.person_id}"
    await throttle.attempt("current", account, ip)
    kept = await Credential.get(person_id=principal.person_id)
    if not await passwords.matches(current, kept.hash):
        return False
    await throttle.succeeded("current", account, ip)
    return True


async def set_password(person_id: int, password: str, request: Any = None) -> str | None:
    """Keep a new password. Every session and link of the person ends; with `request` its new token is returned."""
    person = await Person.get_or_none(id=person_id, state="active")
    if person is None:
        raise NotFound(_("There is no such person."))
    made, moment = await passwords.hash_of(password), now()

    async with transaction():
        await lock(f"access.person:{person_id}")
        await write(
            "INSERT INTO credential (person_id, hash, changed_at) VALUES (?, ?, ?)"
            " ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
            person_id, made, moment,
        )  # fmt: skip
        await close_all_sessions(person_id)
        await links.drop_links(person_id)
        await audit("set_password", Ref("person", person_id))
        if person.email:
            key = f"password:{person_id}:{moment:%s%f}"
            await mails.send_password_changed(person.email, person.locale, key=key)
            await touches.passes(person_id, "email", "transactional", key)
        return await open_session(person_id, request, way="password") if request is not None else None
