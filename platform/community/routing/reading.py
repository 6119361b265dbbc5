"""What is shown of the search for an answer: to the asker, to who was asked, to moderators and staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from community import policy, records
from community.reading.people import Face, names_of
from community.records import BoardRow
from community.routing.models import WAITING
from community.sentences import why_words
from core.clock import days_ago, when
from core.database import glance, rows
from core.principal import Principal

ON_ONE_PAGE = 50


class Asked(msgspec.Struct, frozen=True):
    """Who was asked about one question, as one reader may know of it. `faces` are for moderators."""

    count: int
    last_at: datetime | None
    faces: list[tuple[Face, str]] = []  # with the state of the invitation
    mine: str = ""  # the reader's own: asked, answered, declined
    why: str = ""


class ForMe(msgspec.Struct, frozen=True):
    id: int
    title: str
    lang: str
    board: str
    asked_at: datetime | None
    at: datetime | None
    why: str

    @property
    def path(self) -> str:
        return f"/community/{self.id}"


class Waits(msgspec.Struct, frozen=True):
    """A question without a reply, and how far its clock has run."""

    id: int
    title: str
    board: str
    at: datetime | None
    asked: int
    declined: int
    stage: str  # of routing.models.STAGES, the last that was reached; else empty


class Share(msgspec.Struct, frozen=True):
    """Of the questions about which experts were asked in 30 days: how many one of them answered."""

    asked: int
    answered: int


async def of_thread(who: Principal, board: BoardRow, thread: records.ThreadRow) -> Asked | None:
    """Nothing where nobody was asked, or this reader has no part in it: one statement at most."""
    if board.kind != "question" or not who.is_signed_in:
        return None
    found = await glance(
        "SELECT person_id, state, at, why FROM question_invitation WHERE thread_id = ? ORDER BY at, id", thread.id
    )
    own = next((row for row in found if row["person_id"] == who.person_id), None)
    moderates = policy.moderates(who, board)
    if not found or not (own or moderates or who.person_id == thread.author_id):
        return None
    faces = await names_of(row["person_id"] for row in found) if moderates else {}
    return Asked(
        len(found), when(found[-1]["at"]),
        [(faces[row["person_id"]], row["state"]) for row in found if row["person_id"] in faces],
        own["state"] if own else "", why_words(own["why"]) if own else "",
    )  # fmt: skip


def _open(who: Principal, boards: list[BoardRow]) -> tuple[str, list[Any]]:
    seen, parameters = policy.visible_threads(who, boards)
    return (f"FROM question_invitation i JOIN thread t ON t.id = i.thread_id JOIN board b ON b.id = t.board_id"
            f" WHERE i.person_id = ? AND i.state = 'asked' AND {seen} AND {WAITING}",
            [who.person_id or 0, *parameters])  # fmt: skip


async def mine(who: Principal, boards: list[BoardRow]) -> list[ForMe]:
    """Questions this person was asked to answer, and that still wait."""
    by_id = {board.id: board.name for board in boards}
    where, parameters = _open(who, boards)
    found = await rows(f"SELECT t.id, t.title, t.lang, t.board_id, t.created_at, i.at, i.why {where}"
                       f" ORDER BY i.at DESC, i.id LIMIT {ON_ONE_PAGE}", *parameters)  # fmt: skip
    return [ForMe(row[0], row[1], row[2], by_id[row[3]], when(row[4]), when(row[5]), why_words(row[6]))
            for row in found]  # fmt: skip


async def count_mine(who: Principal) -> int:
    if not who.is_signed_in:
        return 0
    if not await rows("SELECT 1 FROM question_invitation WHERE person_id = ? AND state = 'asked' LIMIT 1",
                      who.person_id or 0):  # fmt: skip
        return 0
    where, parameters = _open(who, await records.boards())
    return int((await rows(f"SELECT COUNT(*) {where}", *parameters))[0][0])


async def wants_to_be_asked(who: Principal) -> bool:
    found = await rows("SELECT 1 FROM follow WHERE person_id = ? AND about_kind = 'questions' AND level = 'muted'",
                       who.person_id or 0)  # fmt: skip
    return not found


async def waiting(who: Principal, boards: list[BoardRow]) -> list[Waits]:
    """Questions without any reply, those that wait longest first."""
    by_id = {board.id: board.name for board in boards}
    seen, parameters = policy.visible_threads(who, boards)
    found = await rows(
        "SELECT t.id, t.title, t.board_id, t.created_at,"
        " (SELECT COUNT(*) FROM question_invitation i WHERE i.thread_id = t.id) AS asked,"
        " (SELECT COUNT(*) FROM question_invitation i WHERE i.thread_id = t.id AND i.state = 'declined') AS declined,"
        " (SELECT c.stage FROM question_call c WHERE c.thread_id = t.id ORDER BY c.at DESC, c.id DESC LIMIT 1) AS stage"
        f" FROM thread t JOIN board b ON b.id = t.board_id WHERE {seen} AND {WAITING} AND t.created_at > ?"
        " ORDER BY t.created_at, t.id LIMIT 20", *parameters, days_ago(90),
    )  # fmt: skip
    return [Waits(row[0], row[1], by_id[row[2]], when(row[3]), row[4], row[5], row[6] or "") for row in found]


async def share() -> Share:
    found = await rows(
        "SELECT COUNT(*), SUM(answered) FROM (SELECT thread_id,"
        " MAX(CASE WHEN state = 'answered' THEN 1 ELSE 0 END) AS answered"
        " FROM question_invitation WHERE at > ? GROUP BY thread_id) AS x", days_ago(30),
    )  # fmt: skip
    return Share(int(found[0][0]), int(found[0][1] or 0))
