"""Making a review: its figures, its words, what is shown to whom, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from core.audit import audit
from core.clock import local_day, now
from core.context import current_principal
from core.database import dialect, rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _, lazy
from core.policy import ensure
from core.refs import Ref
from customers import accounts, tasks, timeline
from customers.models import Membership, Person
from customers.timeline import describe
from insights import policy
from insights.models import BusinessReview, ReviewAction, ReviewLine, ReviewVersion
from insights.reviews import sections
from insights.reviews.gathering import Gathered, gather
from insights.reviews.periods import Period

MOST_VERSIONS = 50
MOST_ACTIONS = 40
LABEL = 60  # letters

describe("insights.review_made", lazy("%(by)s made a business review"), "chart", text=lazy("%(period)s"),
         href="/staff/insights/reviews/{about_id}", label=lazy("Business review made"))  # fmt: skip


class Words(msgspec.Struct):
    title: str = ""
    language: str = "ja"
    summary: str = ""
    achievements: str = ""
    challenges: str = ""


async def find(review_id: int) -> BusinessReview:
    """One that the reader may see. Raises NotFound."""
    found = policy.visible_reviews(current_principal()).filter(id=review_id)
    review = await found.select_related("account", "account__csm", "made_by").first()
    if review is None:
        raise NotFound(_("There is no such business review."))
    return review


def period_of(review: BusinessReview) -> Period:
    return Period.of(review.first_day, review.last_day, review.before_first)


# Figures -----------------------------------------------------------------------------------------------------


async def build(account_id: int, period: Period, *, language: str, for_customers: bool = True) -> BusinessReview:
    """Gather everything and keep it. What events are called is taken from the house's last review that said it."""
    who = current_principal()
    ensure(policy.can_review(who, account_id))
    found, labels = await gather(account_id, period), await _known_labels()
    shown = sections.usual() if for_customers else sections.usual() | {"customer": []}
    async with transaction():
        review = await BusinessReview.create(
            account_id=account_id, language=language, first_day=period.first, last_day=period.last,
            before_first=period.before_first, shown=shown, labels=labels, made_by_id=who.person_id, created_at=now(),
            updated_at=now(),
        )  # fmt: skip
        await _keep(review.id, 1, found)
        await _write_down(review, "make", after={"account": account_id, "last": str(period.last), "days": period.days})
        await timeline.record(None, "insights.review_made", account_id=account_id, channel="staff",
                              about=Ref("business_review", review.id), by=who.name, period=period.words)  # fmt: skip
    return review


async def refresh(review: BusinessReview) -> int:
    """The figures of the same days as they are now, as a new version; words and older versions stay. Its number."""
    ensure(policy.can_review(current_principal(), review.account_id))
    if review.version >= MOST_VERSIONS:
        raise Refused(_("This review has %(n)s versions. Make a new one.", n=MOST_VERSIONS))
    found, number = await gather(review.account_id, period_of(review)), review.version + 1
    async with transaction():
        same = BusinessReview.filter(id=review.id, version=review.version)
        if not await same.update(version=number, updated_at=now()):
            raise Conflict(_("Somebody updated the figures a moment ago."))
        await _keep(review.id, number, found)
        await _write_down(review, "refresh", after={"version": number})
    return number


async def _keep(review_id: int, number: int, found: Gathered) -> None:
    made = await ReviewVersion.create(review_id=review_id, number=number, figures=found.figures, made_at=now(),
                                      made_by_id=current_principal().person_id)  # fmt: skip
    people = [one["person_id"] for one in found.lines if one["person_id"]]
    living = await _living(people)  # somebody may have been erased while this was gathered
    await ReviewLine.bulk_create([ReviewLine(version_id=made.id, **one) for one in found.lines
                                  if not one["person_id"] or one["person_id"] in living])  # fmt: skip


async def _living(people: list[int]) -> set[int]:
    """Held until the lines are written: whoever is being erased waits for them, and takes them along."""
    if not people:
        return set()
    marks, held = ", ".join("?" * len(set(people))), " FOR UPDATE" if dialect() == "postgresql" else ""
    found = await rows(f"SELECT id FROM person WHERE id IN ({marks}) AND state NOT IN ('merged', 'erased')"
                       f" ORDER BY id{held}", *sorted(set(people)))  # fmt: skip
    return {int(row[0]) for row in found}


async def _known_labels() -> dict[str, str]:
    found = await BusinessReview.exclude(labels={}).order_by("-updated_at", "-id").first()
    return dict(found.labels) if found else {}


# Words -------------------------------------------------------------------------------------------------------


async def say(review: BusinessReview, words: Words, revision: int) -> None:
    """Raises Conflict when somebody else saved words since `revision` was read."""
    ensure(policy.can_review(current_principal(), review.account_id))
    said = {name: value.strip() for name, value in msgspec.structs.asdict(words).items()}
    async with transaction():
        won = await BusinessReview.filter(id=review.id, revision=revision).update(
            **said, revision=revision + 1, updated_at=now())  # fmt: skip
        if not won:
            raise Conflict(_("Somebody else saved this review meanwhile. Read what they wrote, then save again."))
        await _write_down(review, "write", after={"changed": [name for name, value in said.items()
                                                              if value != getattr(review, name)]})  # fmt: skip
        await review.refresh_from_db(["revision", *said])


async def choose(review: BusinessReview, chosen: Mapping[str, list[str]], labels: Mapping[str, str],
                 decides: set[str]) -> None:  # fmt: skip
    """Which parts each audience sees, of those that `decides` names; and what events are called."""
    ensure(policy.can_review(current_principal(), review.account_id))
    shown = sections.merged(review.shown, chosen, decides)
    named = {name[:120]: words.strip()[:LABEL] for name, words in labels.items() if words.strip()}
    async with transaction():
        await BusinessReview.filter(id=review.id).update(shown=shown, labels=named, updated_at=now())
        await _write_down(review, "show", before=review.shown, after=shown)
        await review.refresh_from_db(["shown", "labels"])


async def drop(review: BusinessReview) -> None:
    """With all its versions. Tasks that came of it stay."""
    ensure(policy.can_review(current_principal(), review.account_id))
    async with transaction():
        await BusinessReview.filter(id=review.id).delete()
        await _write_down(review, "drop", before={"account": review.account_id, "versions": review.version})


# Next actions ------------------------------------------------------------------------------------------------


async def add_action(review: BusinessReview, title: str, owner_id: int, side: str, due_on: date | None) -> ReviewAction:
    """`owner_id` 0: the side as a whole. Ours are members of staff, theirs people of the account."""
    ensure(policy.can_review(current_principal(), review.account_id))
    if not title.strip():
        raise Refused(_("Say what is to be done."))
    if await ReviewAction.filter(review_id=review.id).count() >= MOST_ACTIONS:
        raise Refused(_("At most %(n)s next actions: take one away first.", n=MOST_ACTIONS))
    if not await can_own(review.account_id, owner_id, side):
        raise Refused(_("Choose somebody of the list."))
    async with transaction():
        made = await ReviewAction.create(review_id=review.id, title=title.strip()[:200], side=side, due_on=due_on,
                                         owner_id=owner_id or None, created_at=now())  # fmt: skip
        await _write_down(review, "action", after={"action": made.id})
    return made


async def can_own(account_id: int, owner_id: int, side: str) -> bool:
    if side == "ours":
        return not owner_id or owner_id in {id for id, _name in await accounts.staff_choices()}
    if side != "theirs":
        return False
    return not owner_id or (
        await Membership.filter(account_id=account_id, person_id=owner_id, until=None).exists()
        and await Person.filter(id=owner_id, state="active").exists()
    )


async def drop_action(review: BusinessReview, action_id: int) -> None:
    ensure(policy.can_review(current_principal(), review.account_id))
    async with transaction():
        if not await ReviewAction.filter(id=action_id, review_id=review.id).delete():
            raise NotFound(_("There is no such next action."))
        await _write_down(review, "action", before={"action": action_id})


async def to_tasks(review: BusinessReview) -> int:
    """Each next action becomes a task of the account, once, however often this is asked; how many did now.

    What is theirs to do is for us to follow up: its task is the CSM's, about them. All become tasks, or none.
    """
    ensure(policy.can_review(current_principal(), review.account_id))
    async with transaction():
        won = await write("UPDATE business_review_action SET task_id = 0 WHERE review_id = ? AND task_id IS NULL"
                          " RETURNING id", review.id)  # fmt: skip
        for one in await ReviewAction.filter(id__in=[int(row[0]) for row in won]).order_by("id"):
            task = await tasks.add(review.account_id, await _wanted(one, review.account_id))
            await ReviewAction.filter(id=one.id).update(task_id=task.id)
        if won:
            await _write_down(review, "tasks", after={"tasks": len(won)})
    return len(won)


async def _wanted(action: ReviewAction, account_id: int) -> tasks.Wanted:
    due = action.due_on or local_day() + timedelta(days=tasks.WEEK)
    if action.side == "ours":
        return tasks.Wanted(action.title, due, action.owner_id)
    is_there = action.owner_id and await rows(
        "SELECT 1 FROM membership WHERE account_id = ? AND person_id = ?", account_id, action.owner_id)  # fmt: skip
    title = _("Follow up: %(title)s", title=action.title)[:200]
    return tasks.Wanted(title, due, None, action.owner_id if is_there else None)


async def _write_down(review: BusinessReview, what: str, before: Any = None, after: Any = None) -> None:
    await audit(f"business_review.{what}", Ref("business_review", review.id), before=before, after=after)
