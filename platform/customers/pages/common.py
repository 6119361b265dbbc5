"""What several pages of this room need."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.clock import local_day
from core.context import current_principal
from core.errors import NotFound
from core.forms import Form
from core.i18n import _, lazy
from core.listing import Choice, Column, Listing, Period
from customers import health, policy, reviews, seeing
from customers.models import Account, Membership, Person, Touchpoint
from customers.sentences import label_of, said

TIERS = {"high": lazy("High touch"), "low": lazy("Low touch"), "tech": lazy("Tech touch")}
PHASES = {"onboarding": lazy("Onboarding"), "adoption": lazy("Adoption"), "expansion": lazy("Expansion"),
          "renewal": lazy("Renewing"), "churned": lazy("Churned")}  # fmt: skip
CHANNELS = {"web": lazy("Web"), "email": lazy("E-mail"), "line": lazy("LINE"), "slack": lazy("Slack"),
            "in_app": lazy("In the app"), "staff": lazy("Staff")}  # fmt: skip


def words(options: dict[str, Any]) -> dict[str, str]:
    """Options in the reader's language."""
    return {value: str(label) for value, label in options.items()}


async def tabs() -> list[tuple[str, str, int | None]]:
    """The siblings inside 顧客."""
    waiting = await reviews.open_count()
    found: list[tuple[str, str, int | None]] = [
        (_("Companies"), "/staff/customers", None), (_("People"), "/staff/customers/people", None),
        (_("Segments"), "/staff/customers/segments", None), (_("Imports"), "/staff/customers/import", None),
        (_("Matching"), "/staff/customers/reviews", waiting or None),
        (_("CSMs and alerts"), "/staff/customers/team", None),
        (_("Calendar"), "/staff/customers/calendar", None),
    ]  # fmt: skip
    return found


async def the_account(account_id: int) -> Account:
    """An account this person may see. Raises NotFound for any other, so that nothing is given away."""
    found = await policy.visible_accounts(current_principal()).filter(id=account_id).select_related(
        "csm", "deputy", "parent", "tier_by").first()  # fmt: skip
    if found is None:
        raise NotFound(_("There is no such company."))
    return found


async def around(account: Account) -> dict[str, Any]:
    """What the head and the tabs of every page of an account need."""
    people = await Membership.filter(account_id=account.id, until=None).count()
    left = (account.renews_on - local_day()).days if account.renews_on else None
    return {"account": account, "sight": await seeing.sight(), "people_count": people,
            "band": health.band(account.health), "renews_in": left, "tiers": words(TIERS),
            "phases": words(PHASES)}  # fmt: skip


def a_coming_day(form: Form[Any], name: str = "until") -> date | None:
    """The day typed into `name`, which is empty, or today or later; else the form holds the mistake."""
    text = getattr(form.data, name) if form.valid else ""
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found < local_day():
        form.add_error(name, _("Choose a day that is still to come."))
    return found


async def the_person(person_id: int) -> Person:
    found = await policy.visible_people(current_principal()).filter(id=person_id).first()
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


async def happenings(request: Any, query: Any, size: int = 20) -> Listing:
    """A timeline as a list: pages by cursor, filters by kind, channel and time."""
    query = (await seeing.sight()).readable(query)
    kinds = await query.distinct().limit(200).values_list("kind", flat=True)
    found = Listing(
        request, query=query.select_related("person"), columns=[Column("at", _("When"), sort=True)],
        filters=[Choice("kind", _("Kind of entry"), {kind: label_of(kind) for kind in sorted(kinds)}),
                 Choice("channel", _("Channel"), words(CHANNELS)), Period("at", _("When"))],
        default_sort="-at", size=size, counted=False,
    )  # fmt: skip
    return await found.load()


def told(entries: list[Touchpoint]) -> list[dict[str, Any]]:
    """Touchpoints in words, for the template."""
    return [
        {"at": entry.at, "said": said(entry, entry.person.full_name if entry.person_id else "")} for entry in entries
    ]
