"""Who knows about a question, by the answers of theirs that were chosen.

Each such answer counts 1 for a tag it shares with the question or a thread that resembles it, ¼ for the board alone in
the same language, halved every 180 days. The sum is divided by 1 + the questions they were asked in seven days, so that
not always the same few are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from community import policy, rules
from community.records import BoardRow, ThreadRow
from community.telling import who_may_see
from core.clock import days_ago, now, when
from core.database import rows
from core.refs import Ref
from customers import quiet
from customers.rules import QuietRule, rule
from search import similar

HALF_LIFE = 180.0  # days
SAME_BOARD = 0.25
LEAST = 0.2  # less is nobody's field
MOST_READ = 2000  # chosen answers, the newest first
RESEMBLING = 8
CHOSEN = (
    "SELECT t.id, t.board_id, t.lang, p.author_id, t.accepted_at FROM thread t JOIN post p ON p.id = t.accepted_post_id"
    " WHERE t.visibility = 'visible' AND p.state = 'visible' AND p.author_id <> t.author_id AND t.accepted_at > ?"
)


class Expert(msgspec.Struct):
    """Somebody who may be asked. `sleeps`: in their quiet hours, or asked often enough today, so not just now."""

    person_id: int
    score: float = 0.0
    answers: int = 0  # chosen, about the same thing
    tags: Counter[str] = msgspec.field(default_factory=Counter)
    waits: bool = False

    @property
    def why(self) -> dict[str, Any]:
        return {"answers": self.answers, "tags": [tag for tag, _count in self.tags.most_common(2)]}


async def experts(thread: ThreadRow, board: BoardRow) -> list[Expert]:
    """Who may read the question and wants to be asked, the best first; nobody who was asked already.

    Searches: not inside a transaction.
    """
    scored = await _scored(thread, board)
    found = await _willing(thread, [one for one in scored if one.score >= LEAST])
    await _mark_waiting(found)
    return sorted(found, key=lambda one: (-one.score, one.person_id))


async def _scored(thread: ThreadRow, board: BoardRow) -> list[Expert]:
    near = await _resembling(thread, board)
    chosen = await rows(f"{CHOSEN} ORDER BY t.accepted_at DESC LIMIT {MOST_READ}", days_ago(rules.EXPERTISE.days))
    tagged = await _tagged(thread.tags)
    found: dict[int, Expert] = {}
    for id, board_id, lang, author, at in chosen:
        shared = tagged.get(int(id), [])
        is_near = bool(shared) or int(id) in near
        weight = 1.0 if is_near else SAME_BOARD if (board_id, lang) == (board.id, thread.lang) else 0.0
        if weight:
            one = found.setdefault(int(author), Expert(int(author)))
            one.score += weight * _fresh(when(at))
            one.answers += is_near
            one.tags.update(shared)
    await _share_the_load(found)
    return list(found.values())


def _fresh(at: datetime | None) -> float:
    return 0.5 ** ((now() - at).total_seconds() / 86_400 / HALF_LIFE) if at else 0.0


async def _resembling(thread: ThreadRow, board: BoardRow) -> set[int]:
    """Solved threads about the same thing that whoever reads the board might find."""
    hits = (await similar(f"{thread.title} {thread.excerpt}", tokens=policy.audience_of(board) | {"public", "members"},
                          kinds={"thread"}, limit=RESEMBLING, without=Ref("thread", thread.id))).hits  # fmt: skip
    return {hit.ref.id for hit in hits}


async def _tagged(tags: Sequence[str]) -> dict[int, list[str]]:
    if not tags:
        return {}
    found: dict[int, list[str]] = {}
    marks = ", ".join("?" * len(tags))
    for id, tag in await rows(
        f"SELECT g.thread_id, g.tag FROM thread_tag g JOIN thread t ON t.id = g.thread_id WHERE g.tag IN ({marks})"
        " AND t.accepted_post_id IS NOT NULL", *tags,
    ):  # fmt: skip
        found.setdefault(int(id), []).append(tag)
    return found


async def _share_the_load(found: dict[int, Expert]) -> None:
    for person, asked in await rows(
        "SELECT person_id, COUNT(*) FROM question_invitation WHERE at > ? GROUP BY person_id", days_ago(7)
    ):
        if person in found:
            found[person].score /= 1 + asked


async def _willing(thread: ThreadRow, scored: list[Expert]) -> list[Expert]:
    """Customers who may read it, are not the asker, and neither said no nor may not write just now."""
    people = {one.person_id for one in scored} - {thread.author_id}
    allowed = set(await who_may_see(thread, people))
    if not allowed:
        return []
    marks, ids = ", ".join("?" * len(allowed)), sorted(allowed)
    for sql, parameters in (
        (f"SELECT id FROM person WHERE kind <> 'customer' AND id IN ({marks})", ids),
        (f"SELECT person_id FROM question_invitation WHERE thread_id = ? AND person_id IN ({marks})",
         [thread.id, *ids]),
        (f"SELECT person_id FROM follow WHERE level = 'muted' AND ((about_kind = 'thread' AND about_id = ?) OR"
         f" about_kind = 'questions') AND person_id IN ({marks})", [thread.id, *ids]),
        (f"SELECT person_id FROM pause WHERE until > ? AND (board_id IS NULL OR board_id = ?)"
         f" AND person_id IN ({marks})", [now(), thread.board_id, *ids]),
    ):  # fmt: skip
        allowed -= {row[0] for row in await rows(sql, *parameters)}
    return [one for one in scored if one.person_id in allowed]


async def _mark_waiting(found: list[Expert]) -> None:
    """Their own quiet hours hold for questions too, and nobody is asked more than a few times a day."""
    if not found:
        return
    by: QuietRule = await rule("quiet")
    marks, ids = ", ".join("?" * len(found)), [one.person_id for one in found]
    zones = dict(tuple(row) for row in await rows(f"SELECT id, time_zone FROM person WHERE id IN ({marks})", *ids))
    asked = dict(tuple(row) for row in await rows(
        f"SELECT person_id, COUNT(*) FROM question_invitation WHERE at > ? AND person_id IN ({marks})"
        " GROUP BY person_id", now() - timedelta(hours=24), *ids))  # fmt: skip
    for one in found:
        is_night = quiet.ends_at(now(), zones.get(one.person_id) or "", by) is not None
        one.waits = is_night or asked.get(one.person_id, 0) >= rules.ASKED_A_DAY
