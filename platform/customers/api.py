"""/api/v1 of customers: companies and people to read, and both with contracts to bring in by the source's own id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Controller, Request, Response, get, patch, post, put

from core.api import BASE, READ, WRITE, After, Limit, Page, Since, body_of, changes_of, narrowed, once, page_of, the_one
from core.audit import audit
from core.context import current_principal, here
from core.errors import Invalid, Wrong
from core.i18n import _, lazy
from core.policy import ensure
from core.refs import Ref
from customers import accounts, people, policy, seeing
from customers.api_books import ContractApi, PurchaseApi, brought
from customers.api_requests import RequestApi
from customers.api_shapes import (
    AccountChange,
    AccountIn,
    AccountOut,
    AccountUpsert,
    PersonIn,
    PersonOut,
    PersonUpsert,
    Source,
    Upserted,
)
from customers.api_tasks import TaskApi
from customers.models import Account, AccountSource, Membership, Person, PersonSource
from customers.pages.people import seen


async def shown_accounts(found: Sequence[Account]) -> list[AccountOut]:
    named: dict[int, list[Source]] = {}
    for one in await AccountSource.filter(account_id__in=[a.id for a in found]).order_by("id"):
        named.setdefault(one.account_id, []).append(Source(one.source, one.source_id))
    sight = await seeing.sight()
    return [AccountOut.of(one, named.get(one.id, []), sight) for one in found]


async def shown_people(found: Sequence[Person]) -> list[PersonOut]:
    """With those of their companies that whoever asks may see."""
    ids, sight = [one.id for one in found], await seeing.sight()
    named: dict[int, list[Source]] = {}
    for one in await PersonSource.filter(person_id__in=ids).order_by("id"):
        named.setdefault(one.person_id, []).append(Source(one.source, one.source_id))
    places: dict[int, list[Membership]] = {}
    for place in await Membership.filter(person_id__in=ids).order_by("id"):
        places.setdefault(place.person_id, []).append(place)
    held = {place.account_id for many in places.values() for place in many}
    visible = {one.id for one in await policy.visible_accounts(current_principal()).filter(id__in=sorted(held))}
    return [PersonOut.of(one, named.get(one.id, []), [p for p in places.get(one.id, []) if p.account_id in visible],
                         sight) for one in found]  # fmt: skip


async def _account(account_id: int) -> Account:
    return await the_one(policy.visible_accounts(current_principal()), account_id, _("There is no such company."))


class AccountApi(Controller):
    path = f"{BASE}/accounts"

    @get("/", may="customers.read", says=lazy("List companies"), **READ)
    async def index(
        self, request: Request[Any, Any, Any], after: After = "", limit: Limit = 50, updated_since: Since = None,
        tier: str = "", corporate_number: str = "",
    ) -> Page[AccountOut]:  # fmt: skip
        query = narrowed(policy.visible_accounts(current_principal()), updated_at__gte=updated_since, tier=tier,
                         corporate_number=corporate_number)  # fmt: skip
        return await page_of(request, query, shown_accounts, after=after, limit=limit)

    @get("/{account_id:int}", may="customers.read", says=lazy("Read a company"), **READ)
    async def one(self, account_id: int) -> AccountOut:
        return (await shown_accounts([await _account(account_id)]))[0]

    @post("/", may="customers.write", body=AccountIn, is_once=True, says=lazy("Add a company"), **WRITE)
    async def add(self, request: Request[Any, Any, Any]) -> Response[AccountOut]:
        ensure(policy.can_change_everything(current_principal()))
        given = await body_of(request, AccountIn)

        async def work() -> AccountOut:
            made = await accounts.open_account(source="staff", **given.values())
            return (await shown_accounts([made]))[0]

        return await once(request, work)

    @patch("/{account_id:int}", may="customers.write", body=AccountChange, is_once=True,
           says=lazy("Change a company: only what is sent"), **WRITE)  # fmt: skip
    async def change(self, request: Request[Any, Any, Any], account_id: int) -> Response[AccountOut]:
        await _account(account_id)
        values = await changes_of(request, AccountChange)
        if not values.get("name", "x"):
            raise Invalid([Wrong("#/name", _("Fill this in."))])

        async def work() -> AccountOut:
            await accounts.change(account_id, **values)
            return (await shown_accounts([await _account(account_id)]))[0]

        return await once(request, work, status=200)

    @put("/from/{source:str}/{source_id:str}", may="customers.write", body=AccountUpsert, is_once=True,
         says=lazy("Bring in a company by its id in another system"), **WRITE)  # fmt: skip
    async def bring(self, request: Request[Any, Any, Any], source: str, source_id: str) -> Response[Upserted]:
        return await brought(request, "accounts", source, source_id, AccountUpsert)


class PersonApi(Controller):
    path = f"{BASE}/people"

    @get("/", may="customers.read", says=lazy("List people"), **READ)
    async def index(
        self, request: Request[Any, Any, Any], after: After = "", limit: Limit = 50, updated_since: Since = None,
        email: str = "", account_id: int = 0,
    ) -> Page[PersonOut]:  # fmt: skip
        query = narrowed(policy.visible_people(current_principal()), updated_at__gte=updated_since)
        if email:
            (await seeing.sight()).refuse("person.email")
            query = query.filter(email=email.strip().lower())
        if account_id:
            await _account(account_id)
            query = query.filter(memberships__account_id=account_id)
        if not after:  # a list of people that leaves the house: once for all its pages
            await audit("people.export", Ref("api_key", here().principal.api_key_id or 0))
        return await page_of(request, query, shown_people, after=after, limit=limit)

    @get("/{person_id:int}", may="customers.read", says=lazy("Read a person"), **READ)
    async def one(self, person_id: int) -> PersonOut:
        visible = policy.visible_people(current_principal())
        found = await the_one(visible, person_id, _("There is no such person."))
        await seen(found.id)
        return (await shown_people([found]))[0]

    @post("/", may="customers.write", body=PersonIn, is_once=True, says=lazy("Add a person"), **WRITE)
    async def add(self, request: Request[Any, Any, Any]) -> Response[PersonOut]:
        given = await body_of(request, PersonIn)
        who = current_principal()
        if given.account_id is None:
            ensure(policy.can_change_everything(who))
        else:
            ensure(policy.can_change_account(who, (await _account(given.account_id)).id))

        async def work() -> PersonOut:
            made = await people.register(source="api", **given.values())
            await audit("person.add", Ref("person", made.id), after={"email": made.email})
            return (await shown_people([made]))[0]

        return await once(request, work)

    @put("/from/{source:str}/{source_id:str}", may="customers.write", body=PersonUpsert, is_once=True,
         says=lazy("Bring in a person by their id in another system"), **WRITE)  # fmt: skip
    async def bring(self, request: Request[Any, Any, Any], source: str, source_id: str) -> Response[Upserted]:
        return await brought(request, "people", source, source_id, PersonUpsert)


controllers = [AccountApi, PersonApi, ContractApi, PurchaseApi, TaskApi, RequestApi]
