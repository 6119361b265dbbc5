"""What several pages of this room need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from core.clock import local_day
from core.context import current_principal
from core.errors import NotFound
from core.forms import Form
from core.i18n import _, day, lazy
from core.listing import Choice, Column, Listing, Period
from customers import health, policy, reviews, seeing, tasks
from customers.models import Account, Membership, Person, Touchpoint
from customers.sentences import label_of, said
from customers.usage_days import KIND as USED
from customers.usage_days import Days, together

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
    waiting, due = await reviews.open_count(), await tasks.due_today().count()
    found: list[tuple[str, str, int | None]] = [
        (_("Companies"), "/staff/customers", None), (_("People"), "/staff/customers/people", None),
        (_("Tasks"), "/staff/customers/tasks", due or None), (_("Requests"), "/staff/customers/requests", None),
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


class AccountLink(msgspec.Struct, frozen=True):
    """A button on the pages of an account that a room above puts there, for who holds all of `may`. `href` may hold
    {account_id}."""

    label: Any
    href: str
    icon: str
    may: tuple[str, ...]


account_links: list[AccountLink] = []


async def around(account: Account) -> dict[str, Any]:
    """What the head and the tabs of every page of an account need."""
    people = await Membership.filter(account_id=account.id, until=None).count()
    links = [one for one in account_links if all(current_principal().may(held) for held in one.may)]
    left = (account.renews_on - local_day()).days if account.renews_on else None
    return {"account": account, "sight": await seeing.sight(), "people_count": people,
            "band": health.band(account.health), "renews_in": left, "tiers": words(TIERS),
            "phases": words(PHASES), "links": links}  # fmt: skip


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


def days_of_use(sight: seeing.Sight, who: str, id: int) -> Days | None:
    """What a timeline says of product use: nothing to roles that may not see it."""
    return Days(who, id) if sight.sees("person.usage") else None


async def happenings(request: Any, who: str, id: int, size: int = 20) -> Listing:
    """The timeline of a person or an account as a list: pages by cursor, filters by kind, channel and time."""
    sight = await seeing.sight()
    query, used = sight.readable(Touchpoint.filter(**{f"{who}_id": id})), days_of_use(sight, who, id)
    kinds = {str(one) for one in await query.distinct().limit(200).values_list("kind", flat=True)}
    if used and await used.any():
        kinds.add(USED)
    found = Listing(
        request, query=together(query.select_related("person"), used), columns=[Column("at", _("When"), sort=True)],
        filters=[Choice("kind", _("Kind of entry"), {kind: label_of(kind) for kind in sorted(kinds)}),
                 Choice("channel", _("Channel"), words(CHANNELS)), Period("at", _("When"))],
        default_sort="-at", size=size, counted=False,
    )  # fmt: skip
    return await found.load()


def told(entries: Sequence[Any]) -> list[dict[str, Any]]:
    """Touchpoints and days of use in words, for the template."""
    return [
        {"at": entry.at, "when": day(local_day(entry.at)) if entry.kind == USED else "",
         "said": said(entry, entry.person.full_name if entry.person_id else "")}
        for entry in entries
    ]  # fmt: skip
