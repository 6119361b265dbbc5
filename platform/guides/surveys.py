"""Answers of surveys: kept once, on the timeline, and a detractor's told to the CSM. And what they come to."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from core.clock import now
from core.database import rows, write
from core.errors import Refused
from core.events import announce
from core.i18n import _
from core.refs import Ref
from customers.timeline import record
from guides.events import SurveyAnswered
from guides.jobs import tell_csm

LONGEST_COMMENT = 2_000
DETRACTOR, PROMOTER = 6, 9  # up to, from; Reichheld 2003


class Nps(msgspec.Struct, frozen=True):
    promoters: int
    passives: int
    detractors: int

    @property
    def total(self) -> int:
        return self.promoters + self.passives + self.detractors

    @property
    def score(self) -> int | None:
        """Per cent of promoters less per cent of detractors, −100 to 100; None before the first answer."""
        return round(100 * (self.promoters - self.detractors) / self.total) if self.total else None

    @property
    def words(self) -> str:
        """+30, 0, −12: with its sign, because zero is the middle."""
        score = self.score
        return "–" if score is None else f"+{score}" if score > 0 else str(score).replace("-", "−")


def nps(scores: Iterable[int]) -> Nps:
    found = list(scores)
    high, low = sum(one >= PROMOTER for one in found), sum(one <= DETRACTOR for one in found)
    return Nps(high, len(found) - high - low, low)


async def answer(view: int, guide: int, person: int, account: int | None, score: int, comment: str) -> None:
    """Inside the caller's transaction. The first answer to a view stays. Raises Refused."""
    kind = (await rows("SELECT kind, name FROM guide WHERE id = ?", guide))[0]
    if kind["kind"] != "survey" or not 0 <= score <= 10:
        raise Refused(_("A survey is answered with a number from 0 to 10."))
    said = "".join(letter for letter in comment if letter == "\n" or letter.isprintable()).strip()[:LONGEST_COMMENT]
    made = await write(
        "INSERT INTO guide_answer (view_id, guide_id, person_id, account_id, score, comment, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (view_id) DO NOTHING RETURNING id",
        view, guide, person, account, score, said, now(),
    )  # fmt: skip
    if not made:
        return
    await record(person, "guide.answered", account_id=account, channel="in_app", about=Ref("guide", guide),
                 key=f"guide.answered:{made[0][0]}", name=kind["name"], score=score, comment=said)  # fmt: skip
    await announce(SurveyAnswered(guide, int(made[0][0]), person, account))
    if score <= DETRACTOR:
        await tell_csm.later(answer_id=int(made[0][0]))
