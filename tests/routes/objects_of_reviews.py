"""Business reviews of the own account and of another's, for the table of routes."""

from __future__ import annotations

from objects import Objects, People, objects
from objects_of_rooms import both

from core.clock import local_day
from core.context import Here, enter
from core.principal import SYSTEM
from insights.models import BusinessReview
from insights.reviews import making as reviews
from insights.reviews import periods


async def _review(people: People, own: bool) -> BusinessReview:
    account, today = people.mine if own else people.theirs, local_day()
    enter(Here(principal=SYSTEM, language="ja"))
    return await reviews.build(account.id, periods.chosen("m3", today), language="ja")


async def _review_id(people: People, own: bool) -> int:
    return (await _review(people, own)).id


async def _review_account(people: People, own: bool) -> int:
    return (people.mine if own else people.theirs).id


@objects("/staff/insights/reviews/{review_id}/actions")
async def _review_action(people: People) -> Objects:
    found = []
    for own in (True, False):
        review = await _review(people, own)
        action = await reviews.add_action(review, "次に行うこと", 0, "ours", None)
        found.append({"review_id": review.id, "action_id": action.id})
    return Objects(*found)


objects("/staff/insights/reviews/{review_id}")(both("review_id", _review_id))
objects("/staff/insights/reviews/of/{account_id}")(both("account_id", _review_account))
