"""An account with two quarters of use, support, surveys and posts, made by hand so that every figure is known."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from core.clock import now
from core.settings import settings
from customers.models import HealthSnapshot, UsageDay
from customers.tracking.counting import ANY
from guides.models import Answer, Guide, View
from inbox.models import Conversation, Rating

DAY = timedelta(days=1)


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), settings().zone)


async def used(account: Any, person_id: int, day: date, *names: str, times: int = 1) -> None:
    """On that day the person did each of `names`."""
    for name in (ANY, *names):
        await UsageDay.create(account_id=account.id, person_id=person_id, name=name, day=day, count=times)


async def asked(account: Any, begun: datetime, *, person: Any = None, first: datetime | None = None,
                resolved: datetime | None = None, score: int = 0, comment: str = "") -> Conversation:  # fmt: skip
    made = await Conversation.create(
        customer_key=f"x:{account.id}:{begun.timestamp()}", person_id=person.id if person else None, channel="web",
        account_id=account.id, state="resolved" if resolved else "human", bot_since=begun, created_at=begun,
        first_response_at=first, resolved_at=resolved, last_message_at=resolved or first or begun,
    )  # fmt: skip
    if score:
        await Rating.create(conversation_id=made.id, epoch=1, score=score, comment=comment, at=resolved or begun)
    return made


async def a_survey() -> Guide:
    return await Guide.create(
        key=f"k{now().timestamp()}", name="満足度", kind="survey", created_at=now(), updated_at=now()
    )


async def answered(guide: Guide, account: Any, person: Any, score: int, moment: datetime, comment: str = "") -> None:
    view = await View.create(key=f"v{account.id}:{person.id}:{moment.timestamp()}", guide_id=guide.id, revision="1",
                             person_id=person.id, account_id=account.id, started_at=moment)  # fmt: skip
    await Answer.create(view_id=view.id, guide_id=guide.id, person_id=person.id, account_id=account.id, score=score,
                        comment=comment, at=moment)  # fmt: skip


async def scored(account: Any, day: date, score: int, *, active: int = 0, seats: int = 0, days: int = 0,
                 core: tuple[int, int] = (0, 0)) -> None:  # fmt: skip
    """A snapshot of health as the nightly job writes it."""
    said = [("active_seats", {"active": active, "seats": seats}), ("login_days", {"days": days, "goal": 12}),
            ("core_features", {"used": core[0], "most": core[1]})]  # fmt: skip
    reasons = [{"measure": name, "of": 10, "points": 5.0, "facts": facts} for name, facts in said]
    await HealthSnapshot.create(account_id=account.id, day=day, score=score, coverage=50, reasons=reasons)
