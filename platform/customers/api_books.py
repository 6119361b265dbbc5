"""/api/v1 for what was sold: contracts and purchases, read by cursor and brought in by their id in another system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Controller, Request, Response, get, put

from core.api import BASE, READ, WRITE, After, Limit, Page, Since, body_of, narrowed, once, page_of, the_one
from core.context import current_principal
from core.errors import Invalid, Wrong
from core.i18n import _, lazy
from core.policy import ensure
from customers import policy, seeing, upserts
from customers.api_shapes import ContractOut, ContractUpsert, PurchaseOut, PurchaseUpsert, Upserted
from customers.models import Contract, Purchase


async def shown_contracts(found: Sequence[Contract]) -> list[ContractOut]:
    sight = await seeing.sight()
    return [ContractOut.of(one, sight) for one in found]


async def shown_purchases(found: Sequence[Purchase]) -> list[PurchaseOut]:
    sight = await seeing.sight()
    return [PurchaseOut.of(one, sight) for one in found]


class ContractApi(Controller):
    path = f"{BASE}/contracts"

    @get("/", may="customers.read", says=lazy("List contracts"), **READ)
    async def index(
        self, request: Request[Any, Any, Any], after: After = "", limit: Limit = 50, updated_since: Since = None,
        account_id: int = 0,
    ) -> Page[ContractOut]:  # fmt: skip
        query = narrowed(policy.visible_contracts(current_principal()), updated_at__gte=updated_since,
                         account_id=account_id)  # fmt: skip
        return await page_of(request, query, shown_contracts, after=after, limit=limit)

    @get("/{contract_id:int}", may="customers.read", says=lazy("Read a contract"), **READ)
    async def one(self, contract_id: int) -> ContractOut:
        visible = policy.visible_contracts(current_principal())
        found = await the_one(visible, contract_id, _("There is no such contract."))
        return (await shown_contracts([found]))[0]

    @put("/from/{source:str}/{source_id:str}", may="customers.write", body=ContractUpsert, is_once=True,
         says=lazy("Bring in a contract by its id in another system"), **WRITE)  # fmt: skip
    async def bring(self, request: Request[Any, Any, Any], source: str, source_id: str) -> Response[Upserted]:
        return await brought(request, "contracts", source, source_id, ContractUpsert)


class PurchaseApi(Controller):
    path = f"{BASE}/purchases"

    @get("/", may="customers.read", says=lazy("List purchases"), **READ)
    async def index(
        self, request: Request[Any, Any, Any], after: After = "", limit: Limit = 50, updated_since: Since = None,
        account_id: int = 0, person_id: int = 0,
    ) -> Page[PurchaseOut]:  # fmt: skip
        query = narrowed(policy.visible_purchases(current_principal()), updated_at__gte=updated_since,
                         account_id=account_id, person_id=person_id)  # fmt: skip
        return await page_of(request, query, shown_purchases, after=after, limit=limit)

    @get("/{purchase_id:int}", may="customers.read", says=lazy("Read a purchase"), **READ)
    async def one(self, purchase_id: int) -> PurchaseOut:
        visible = policy.visible_purchases(current_principal())
        found = await the_one(visible, purchase_id, _("There is no such purchase."))
        return (await shown_purchases([found]))[0]

    @put("/from/{source:str}/{source_id:str}", may="customers.write", body=PurchaseUpsert, is_once=True,
         says=lazy("Bring in a purchase by its order number in another system"), **WRITE)  # fmt: skip
    async def bring(self, request: Request[Any, Any, Any], source: str, source_id: str) -> Response[Upserted]:
        return await brought(request, "purchases", source, source_id, PurchaseUpsert)


async def brought(
    request: Request[Any, Any, Any], kind: str, source: str, source_id: str, shape: type[Any]
) -> Response[Any]:
    """200, or 202 when a person has to decide whether it is one that is known already."""
    ensure(policy.can_change_everything(current_principal()))
    if not source or len(source) > 60:
        raise Invalid([Wrong("source", _("The name of a source has at most 60 characters."))])
    given = await body_of(request, shape)

    async def work() -> Upserted:
        found = await upserts.upsert(kind, source, source_id, given.words())
        return Upserted(found.outcome, found.about_id if found.outcome != "review" else None, found.reason)

    made = await once(request, work, status=200)
    if b'"outcome":"review"' in made.content:
        made.status_code = 202
    return made
