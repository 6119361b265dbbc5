"""Coming in by way of an identity provider: going there, coming back, and who that is here."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from access import oidc, policy, throttle, watching
from access.actions import doors
from access.oidc_models import OidcProvider, OidcTie
from access.oidc_problem import Problem
from access.sessions import hashed
from core import vault
from core.audit import audit
from core.clock import now
from core.context import here
from core.database import lock, rows, transaction, write
from core.entrance import client_ip
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from core.web import cookie_prefix
from customers import timeline
from customers.models import Person
from customers.people import normal_email
from customers.vouched import newcomer

WITHIN = timedelta(minutes=10)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
HOLDER = (
    "SELECT p.id, p.kind, p.email, i.verified_at FROM identity i JOIN person p ON p.id = i.person_id"
    " WHERE i.kind = 'email' AND i.value = ?"
)


class Beginning(msgspec.Struct, frozen=True):
    """Where the browser goes, and the cookie by which it is known when it comes back."""

    provider: str
    address: str
    cookie: str
    token: str


def cookie_of(state: str) -> str:
    """One for each try, so that two tabs do not take each other's."""
    return f"{cookie_prefix()}oidc-{hashed(state)[:12]}"


async def _provider(slug: str) -> OidcProvider:
    found = await OidcProvider.get_or_none(slug=slug[:40], ended_at=None)
    if found is None:
        raise NotFound(_("There is no such page."))
    return found


async def begin(slug: str, request: Any, *, next: str = "", again: bool = False) -> Beginning:
    """Remember the try and say where to go. Raises NotFound, TooMany."""
    provider = await _provider(slug)
    state, nonce, token = (secrets.token_urlsafe(32) for _n in range(3))
    verifier = secrets.token_urlsafe(48)
    await throttle.attempt("oidc", state, client_ip(request.scope))
    await oidc.refresh(provider)
    await write(
        "INSERT INTO oidc_try (provider_id, state_hash, browser_hash, sealed, next, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?)", provider.id, hashed(state), hashed(token),
        vault.seal({"nonce": nonce, "verifier": verifier}), next, now() + WITHIN,
    )  # fmt: skip
    address = oidc.request_address(provider, state=state, nonce=nonce, verifier=verifier, language=here().language,
                                   again=again)  # fmt: skip
    return Beginning(provider.name, address, cookie_of(state), token)


async def finish(slug: str, request: Any) -> doors.Entered:
    """They are back: in, or a refusal with a sentence. What was wrong with the provider stands on its page."""
    provider, asked = await _provider(slug), request.query_params
    state = asked.get("state", "")[:200]
    known = await _take(provider, state, request.cookies.get(cookie_of(state), ""))
    try:
        said = await _said(provider, asked, known["sealed"])
    except Problem as problem:
        await OidcProvider.filter(id=provider.id).update(problem=str(problem)[:200], problem_at=now())
        watching.refused("oidc", str(problem), request)
        raise Refused(
            _("Signing in at %(name)s did not work. Try again, or sign in another way.", name=provider.name)
        ) from None
    entered = await _enter(provider, said, request)
    await throttle.succeeded("oidc", state, client_ip(request.scope))
    return msgspec.structs.replace(entered, next=known["next"])


async def _take(provider: OidcProvider, state: str, token: str) -> Any:
    """The try, used up: of many answers at once one has it, and only in the browser that set out."""
    taken = await write(
        "DELETE FROM oidc_try WHERE state_hash = ? AND browser_hash = ? AND provider_id = ? AND expires_at > ?"
        " RETURNING sealed, next", hashed(state), hashed(token), provider.id, now(),
    )  # fmt: skip
    if not taken:
        raise Refused(_("This sign-in is over or began in another browser. Begin again."))
    return {"sealed": taken[0][0], "next": taken[0][1]}


async def _said(provider: OidcProvider, asked: Any, sealed: str) -> oidc.Said:
    issuer, code = asked.get("iss"), asked.get("code", "")
    if issuer != provider.issuer and (issuer is not None or provider.found.get("names_itself")):
        raise Problem("the answer comes from another issuer (iss)")  # RFC 9207: one provider's code is not another's
    if not code or len(code) > 4000:
        raise Problem(f"it sent no code: {asked.get('error', '')[:80]}")
    kept = vault.unseal(sealed)
    return await oidc.said_of(provider, code, verifier=kept["verifier"], nonce=kept["nonce"])


async def _enter(provider: OidcProvider, said: oidc.Said, request: Any) -> doors.Entered:
    """A second factor of ours is asked for whatever the provider asked (`amr`): see docs/access.md."""
    async with transaction():
        await lock(f"access.oidc:{provider.id}")
        person_id = await _person(provider, said)
        await write("UPDATE oidc_provider SET used_at = ? WHERE id = ?", now(), provider.id)
        await write("UPDATE oidc_tie SET used_at = ? WHERE provider_id = ? AND person_id = ?", now(), provider.id,
                    person_id)  # fmt: skip
        # Whoever is signed in at the provider since this morning proved nothing just now.
        proved_at = said.authenticated_at or LONG_AGO
        entered = await doors.enter(person_id, request, "oidc", proved_at=proved_at)
        if entered is None:
            raise Refused(_("This account is locked."))
    return entered


# Who that is here ------------------------------------------------------------------------------------------------


async def _person(provider: OidcProvider, said: oidc.Said) -> int:
    """By the account there when it is tied, else by the verified address, once. Raises Refused, Conflict."""
    if provider.domains and said.email.rpartition("@")[2].lower() not in provider.domains:
        raise Refused(_("Sign in at %(name)s with an address of these domains: %(domains)s.", name=provider.name,
                        domains=", ".join(provider.domains)))  # fmt: skip
    tie = await OidcTie.get_or_none(provider_id=provider.id, subject=said.subject)
    if tie is not None:
        return _let_in(provider, await Person.get(id=tie.person_id))
    if not said.email:
        raise Refused(_("%(name)s does not say that your address is verified. Sign in another way.",
                        name=provider.name))  # fmt: skip
    return await _by_address(provider, said)


def _let_in(provider: OidcProvider, person: Person) -> int:
    if person.state != "active":
        raise Refused(_("This account is locked."))
    if not (provider.for_staff if person.kind == "staff" else provider.for_customers):
        raise Refused(_("You cannot come in by way of %(name)s. Sign in another way.", name=provider.name))
    return person.id


async def _by_address(provider: OidcProvider, said: oidc.Said) -> int:
    email = normal_email(said.email)
    found = await rows(HOLDER, email)
    if not found:
        return await _unknown(provider, said, email)
    holder = found[0]
    person_id = _let_in(provider, await Person.get(id=holder["id"]))
    # As with links by mail: staff are reached only at their own or a verified address.
    if holder["kind"] == "staff" and holder["verified_at"] is None and holder["email"] != email:
        raise Refused(_("You cannot come in by way of %(name)s. Sign in another way.", name=provider.name))
    if await OidcTie.exists(provider_id=provider.id, person_id=person_id):  # addresses are given to the next in line
        raise Conflict(_("Another account of %(name)s is tied to this address. Sign in another way; on the page of your"
                         " account you can untie it.", name=provider.name))  # fmt: skip
    await write("UPDATE identity SET verified_at = ? WHERE kind = 'email' AND value = ? AND verified_at IS NULL",
                now(), email)  # fmt: skip
    await _tie(provider, said.subject, person_id)
    return person_id


async def _unknown(provider: OidcProvider, said: oidc.Said, email: str) -> int:
    """A new member, where the provider may bring some; never one of staff."""
    if not (provider.adds_members and provider.for_customers):
        raise Refused(_("Nobody here has this address. Ask whoever looks after this site."))
    person = await newcomer(email, said.names, source="oidc", locale=said.locale)
    await timeline.record(person.id, "access.signed_up")
    await _tie(provider, said.subject, person.id)
    return int(person.id)


async def _tie(provider: OidcProvider, subject: str, person_id: int) -> None:
    await OidcTie.create(provider_id=provider.id, subject=subject, person_id=person_id, created_at=now(),
                         used_at=now())  # fmt: skip
    await audit("oidc.tie", Ref("person", person_id), after={"provider": provider.name})


async def untie(tie_id: int, person_id: int, *, by: Principal) -> None:
    """One's own, or a colleague's: the address ties anew at the next sign-in there."""
    if by.person_id != person_id:
        ensure(policy.can_manage_staff(by))
    async with transaction():
        gone = await write("DELETE FROM oidc_tie WHERE id = ? AND person_id = ? RETURNING provider_id", tie_id,
                           person_id)  # fmt: skip
        if not gone:
            raise NotFound(_("There is no such account."))
        provider = await OidcProvider.get(id=gone[0][0])
        await audit("oidc.untie", Ref("person", person_id), before={"provider": provider.name})
