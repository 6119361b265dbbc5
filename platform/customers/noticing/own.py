"""Notices about companies, tasks and requests that leave the house: for whoever sees them now."""

from __future__ import annotations

from collections.abc import Sequence

from core.database import rows
from core.i18n import _
from core.principal import Principal
from customers import health, policy
from customers.models import HealthAlert, Notice
from customers.noticing.groups import Standing, stands


@stands("task")
async def tasks(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    """Open ones that are still theirs."""
    ids = sorted({one.about_id for one in found})
    seen = {one.id: one for one in await policy.visible_tasks(reader).filter(
        id__in=ids, state="open", owner_id=reader.person_id).select_related("account")}  # fmt: skip
    return {one.id: Standing(account=seen[one.about_id].account.name) for one in found if one.about_id in seen}


@stands("account")
async def accounts(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    """With what the fall of health is made of."""
    if not reader.may("customers.read"):
        return {}
    ids = sorted({one.about_id for one in found})
    seen = {one.id: one.name for one in await policy.visible_accounts(reader).filter(id__in=ids)}
    return {one.id: Standing(await _lost(one), seen[one.about_id]) for one in found if one.about_id in seen}


@stands("product_request")
async def requests(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    """What became of requests: for who was told of it or looks after it, and unless it was decided anew since."""
    ids = sorted({one.about_id for one in found})
    marks = ", ".join("?" * len(ids))
    newest = {f"request:{row[1]}": int(row[1]) for row in await rows(
        f"SELECT request_id, MAX(id) FROM request_decision WHERE request_id IN ({marks}) GROUP BY request_id",
        *ids)}  # fmt: skip
    mine = policy.own_answers(reader).filter(decision_id__in=sorted(newest.values()))
    told = {f"request:{id}" for id in await mine.values_list("decision_id", flat=True)}
    seen = set(await policy.visible_requests(reader).filter(id__in=ids).values_list("id", flat=True))
    return {one.id: Standing() for one in found if one.key in newest and (
        one.key in told if one.kind == "customers.request_decided" else one.about_id in seen)}  # fmt: skip


async def _lost(notice: Notice) -> str:
    kind, _colon, alert_id = notice.key.partition(":")
    is_alert = kind == "health_alert" and alert_id.isdecimal()
    alert = await HealthAlert.get_or_none(id=int(alert_id)) if is_alert else None
    lost = [one for one in (alert.lost if alert else []) if one["measure"] in health.MEASURES]
    return _(", ").join(
        _("%(measure)s from %(before)s to %(after)s", measure=health.MEASURES[one["measure"]].label(),
          before=one["from"], after=one["to"]) for one in lost[:3]
    )  # fmt: skip
