"""Connecting identity providers, changing and ending them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from access import oidc, policy
from access.forms import ChangedProvider, NewProvider
from access.oidc_models import OidcProvider
from access.oidc_problem import Problem
from channels import fetching
from core import vault
from core.audit import audit
from core.clock import now
from core.database import lock, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from customers.people import EMAIL

KEPT = ("name", "client_id", "for_staff", "for_customers", "adds_members", "domains")


async def connect(typed: NewProvider, *, by: Principal) -> OidcProvider:
    """The provider is asked at once whether it is one. Raises Refused with what it answered, Conflict."""
    ensure(policy.can_manage_staff(by))
    issuer = fetching.checked_address(typed.issuer)
    values = _values(typed)
    try:
        found = await oidc.discover(issuer)
    except Problem as problem:
        raise Refused(_("This provider cannot be used: %(why)s", why=str(problem))) from None
    async with transaction():
        await lock("access.oidc")
        if await OidcProvider.exists(slug=typed.slug, ended_at=None):
            raise Conflict(_("Another provider has this name in addresses."))
        made = await OidcProvider.create(
            slug=typed.slug, issuer=issuer, sealed=vault.seal({"client_secret": typed.client_secret}), found=found,
            found_at=now(), made_by_id=by.person_id, created_at=now(), **values,
        )  # fmt: skip
        await audit("oidc.connect", Ref("oidc_provider", made.id), after=values | {"issuer": issuer})
    return made


async def change(provider_id: int, typed: ChangedProvider, *, by: Principal) -> OidcProvider:
    """Issuer and name in addresses stay: who is tied to them would be somebody else. An empty secret stays, too."""
    ensure(policy.can_manage_staff(by))
    values = _values(typed)
    async with transaction():
        provider = await one(provider_id)
        before = {name: getattr(provider, name) for name in KEPT}
        fresh = {"sealed": vault.seal({"client_secret": typed.client_secret})} if typed.client_secret else {}
        await OidcProvider.filter(id=provider.id).update(**values, **fresh)
        after = values | ({"client_secret": "…"} if fresh else {})
        await audit("oidc.change", Ref("oidc_provider", provider.id), before=before, after=after)
    return provider


async def end(provider_id: int, *, by: Principal) -> None:
    """Nobody comes in this way any more, and what was tied is untied; who is signed in stays so."""
    ensure(policy.can_manage_staff(by))
    async with transaction():
        provider = await one(provider_id)
        await OidcProvider.filter(id=provider.id).update(ended_at=now(), sealed="")
        for table in ("oidc_tie", "oidc_try"):
            await write(f"DELETE FROM {table} WHERE provider_id = ?", provider.id)
        await audit("oidc.end", Ref("oidc_provider", provider.id), before={"name": provider.name})


async def one(provider_id: int) -> OidcProvider:
    found = await OidcProvider.get_or_none(id=provider_id, ended_at=None)
    if found is None:
        raise NotFound(_("There is no such connection."))
    return found


def _values(typed: NewProvider | ChangedProvider) -> dict[str, Any]:
    if not (typed.for_staff or typed.for_customers):
        raise Refused(_("Choose who comes in this way."))
    return {
        "name": typed.name, "client_id": typed.client_id, "for_staff": typed.for_staff,
        "for_customers": typed.for_customers, "adds_members": typed.adds_members and typed.for_customers,
        "domains": domains_of(typed.domains.split()),
    }  # fmt: skip


def domains_of(words: Iterable[str]) -> list[str]:
    """Whole domains, compared as they are: no `.example.jp` that `attacker-example.jp` could end in."""
    found = list(dict.fromkeys(word.strip(",;").removeprefix("@").lower() for word in words))
    wrong = [one for one in found if not EMAIL.match(f"x@{one}")]
    if wrong or len(found) > 50:
        raise Refused(_("Write domains such as example.co.jp, one a line."))
    return found
