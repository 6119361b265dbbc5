"""As whom a content can be looked at."""

from __future__ import annotations

from campaigns import actions
from campaigns.models import Campaign
from core.context import here
from customers.models import Person
from customers.policy import visible_people

SHOWN = 20


async def visible_person(person: int | None) -> int | None:
    """Only people whom the one who asks may see."""
    if person is None:
        return None
    found = await visible_people(here().principal).get_or_none(id=person)
    return found.id if found else None


async def some_recipients(campaign: Campaign) -> list[Person]:
    """The first of the segment, to look at the content as them."""
    ids = (await actions.audience(campaign))[:SHOWN]
    return await visible_people(here().principal).filter(id__in=ids).order_by("id")
