"""A request is planned, shipped, declined …: the status, the reason, and the promise that those who asked are told."""

from __future__ import annotations

import msgspec

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import rows, transaction
from core.errors import Conflict, Refused
from core.events import announce
from core.i18n import _
from core.jobs import job
from core.policy import ensure
from core.refs import Ref
from customers import departments, policy
from customers.models import STATUSES, Decision, ProductRequest
from customers.requests.events import RequestShipped
from customers.requests.words import URL
from customers.requests.writing import KIND

TOLD = ("planned", "shipped", "declined")  # what those who asked are told
WAYS = ("notice", "reply", "none")


class Verdict(msgspec.Struct, frozen=True):
    """`message` is what customers read, `reason` is for staff. `in_conversations`: how those are told who asked in a
    conversation only: at the bell, by a reply there, or not at all."""

    status: str
    message: str = ""
    reason: str = ""
    tells: bool = True
    in_conversations: str = "notice"


async def decide(request: ProductRequest, verdict: Verdict) -> Decision:
    """Raises Conflict when somebody decided since `request` was read."""
    who = current_principal()
    ensure(policy.can_decide_request(who))
    tells = verdict.tells and verdict.status in TOLD
    _check(request, verdict, tells)
    moment, message = now(), verdict.message.strip()[:500]
    async with transaction():
        won = await ProductRequest.filter(id=request.id, version=request.version, merged_into_id=None).update(
            status=verdict.status, message=message, version=request.version + 1, updated_at=moment,
            shipped_at=moment if verdict.status == "shipped" else None,
        )  # fmt: skip
        if not won:
            raise Conflict(_("Somebody has decided about this request meanwhile. Look at it again."))
        decision = await Decision.create(
            request_id=request.id, before=request.status, status=verdict.status, reason=verdict.reason.strip()[:500],
            message=message, tells=tells, in_conversations=verdict.in_conversations, by_id=who.person_id, at=moment,
        )  # fmt: skip
        await audit("request.decide", Ref(KIND, request.id), before={"status": request.status},
                    after={"status": verdict.status, "message": message, "tells": tells},
                    note=decision.reason)  # fmt: skip
        if verdict.status == "shipped":
            await announce(RequestShipped(request.id, decision.id))
            companies = await rows("SELECT COUNT(DISTINCT account_id) FROM voice WHERE request_id = ?", request.id)
            await departments.tell("request.shipped", key=f"request:{decision.id}", title=request.title,
                                   url=f"{URL}/{request.id}", companies=int(companies[0][0]))  # fmt: skip
        await tell_of_decision.later(decision_id=decision.id)
    return decision


def _check(request: ProductRequest, verdict: Verdict, tells: bool) -> None:
    if verdict.status not in STATUSES or verdict.in_conversations not in WAYS:
        raise Refused(_("Choose one of the list."))
    if verdict.status == request.status:
        raise Conflict(_("The request is in this state already."))
    if tells and verdict.in_conversations == "reply" and not current_principal().may("inbox.answer"):
        raise Refused(_("You may not reply in conversations. Choose another way."))
    if tells and not verdict.message.strip():
        raise Refused(_("Write the sentence that customers read."))


@job(timeout=120)
async def tell_of_decision(decision_id: int) -> str:
    """Begun again, it tells the rest."""
    from customers.requests import telling

    return await telling.tell(decision_id)
