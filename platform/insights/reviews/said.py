# ruff: noqa: E501 -- a statement and a table are read whole
"""What an account asked, answered and read: support, surveys, community and learning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.clock import local_day, when
from core.database import rows
from core.tasks import in_thread
from customers.days import as_day
from guides.surveys import nps
from inbox import hours
from insights.counting import percentile
from insights.ratings import GOOD
from insights.reviews.periods import Period

MOST = 20_000  # conversations that are measured, the latest ones
QUOTES = 12
Figures = dict[str, Any]
Quote = dict[str, Any]


# Support -----------------------------------------------------------------------------------------------------


async def support(account_id: int, period: Period) -> Figures | None:
    found = await rows(
        "SELECT c.created_at AS created, c.first_response_at AS first, c.resolved_at AS resolved, c.state AS state"
        " FROM conversation c WHERE c.account_id = ? AND c.last_message_at >= ? AND c.created_at < ?"
        " ORDER BY c.last_message_at DESC LIMIT ?", account_id, period.before_begins, period.ends, MOST,
    )  # fmt: skip
    scores = await rows(
        "SELECT r.score AS score, r.at AS at FROM conversation c JOIN conversation_rating r ON r.conversation_id = c.id"
        " WHERE c.account_id = ? AND r.at >= ? AND r.at < ?", account_id, period.before_begins, period.ends,
    )  # fmt: skip
    if not found and not scores:
        return None
    told = [(when(row["created"]), when(row["first"]), when(row["resolved"]) if row["state"] == "resolved" else None)
            for row in found]  # fmt: skip
    now = await in_thread(_conversations, told, period.is_in)
    before = await in_thread(_conversations, told, period.is_before)
    rated = [(int(row["score"]), at) for row in scores if (at := when(row["at"]))]
    now |= _rated([score for score, at in rated if period.is_in(at)])
    before |= _rated([score for score, at in rated if period.is_before(at)])
    return now | {f"{name}_before": value for name, value in before.items()}


def _conversations(told: Sequence[tuple[Any, Any, Any]], is_in: Any) -> Figures:
    """Each counts where it happened: begun, first answered, resolved."""
    waits = [hours.between(begun, first) for begun, first, _r in told if begun and first and is_in(first)]
    return {"begun": sum(bool(begun and is_in(begun)) for begun, _f, _r in told),
            "resolved": sum(bool(resolved and is_in(resolved)) for _b, _f, resolved in told),
            "answered": len(waits), "wait": percentile(waits, 0.5)}  # fmt: skip


def _rated(scores: list[int]) -> Figures:
    return {"rated": len(scores), "good": sum(one >= GOOD for one in scores)}


# What they said ----------------------------------------------------------------------------------------------


async def feedback(account_id: int, period: Period) -> tuple[Figures | None, list[Quote]]:
    """Surveys of both periods; and the newest words of this one, of surveys and of ratings."""
    found = await rows(
        "SELECT x.person_id AS person_id, x.score AS score, x.comment AS comment, x.at AS at FROM guide g"
        " JOIN guide_answer x ON x.guide_id = g.id WHERE g.kind = 'survey' AND x.account_id = ? AND x.at >= ? AND x.at < ?"
        " ORDER BY x.at DESC, x.id DESC", account_id, period.before_begins, period.ends,
    )  # fmt: skip
    now = [row for row in found if _is_in(row, period)]
    rated = await rows(
        "SELECT c.person_id AS person_id, r.score AS score, r.comment AS comment, r.at AS at FROM conversation c"
        " JOIN conversation_rating r ON r.conversation_id = c.id WHERE c.account_id = ? AND r.comment <> ''"
        f" AND c.person_id IS NOT NULL AND r.at >= ? AND r.at < ? ORDER BY r.at DESC, r.id DESC LIMIT {QUOTES}",
        account_id, period.begins, period.ends,
    )  # fmt: skip
    quotes = [_quote("nps", row) for row in now if row["comment"]][:QUOTES] + [_quote("csat", row) for row in rated]
    if not found:
        return None, quotes
    here, before = nps(row["score"] for row in now), nps(row["score"] for row in found if not _is_in(row, period))
    return {"n": here.total, "score": here.score, "promoters": here.promoters, "passives": here.passives,
            "detractors": here.detractors, "n_before": before.total, "score_before": before.score}, quotes  # fmt: skip


def _is_in(row: Any, period: Period) -> bool:
    at = when(row["at"])
    return at is not None and period.is_in(at)


def _quote(kind: str, row: Any) -> Quote:
    at = when(row["at"])
    assert isinstance(at, datetime)
    return {"kind": kind, "person_id": int(row["person_id"]), "body": str(row["comment"])[:2000],
            "facts": {"score": int(row["score"])}, "day": local_day(at)}  # fmt: skip


# Community and learning --------------------------------------------------------------------------------------


async def community(account_id: int, period: Period) -> Figures | None:
    """By everybody who belonged to the account in the period; answers count where they were written."""
    posts = await rows(
        "SELECT p.author_id AS author, p.number AS number, p.created_at AS at, t.status AS status,"
        " CASE WHEN t.accepted_post_id = p.id AND t.author_id <> p.author_id THEN 1 ELSE 0 END AS chosen,"
        " CASE WHEN p.number = 1 AND t.accepted_post_id IS NOT NULL THEN 1 ELSE 0 END AS solved"
        " FROM membership m JOIN post p ON p.author_id = m.person_id JOIN thread t ON t.id = p.thread_id"
        " WHERE m.account_id = ? AND (m.until IS NULL OR m.until >= ?) AND p.state = 'visible' AND p.created_at >= ?"
        " AND p.created_at < ?", account_id, as_day(period.before_first), period.before_begins, period.ends,
    )  # fmt: skip
    learned = await rows(
        "SELECT kind, CASE WHEN at >= ? THEN 1 ELSE 0 END AS here, COUNT(*) AS n, COUNT(DISTINCT person_id) AS people"
        " FROM touchpoint WHERE account_id = ? AND at >= ? AND at < ? AND kind IN ('help.read', 'guide.completed')"
        " GROUP BY 1, 2", period.begins, account_id, period.before_begins, period.ends,
    )  # fmt: skip
    if not posts and not learned:
        return None
    sums = {(row["kind"], int(row["here"])): (int(row["n"]), int(row["people"])) for row in learned}
    made: Figures = {}
    for after, here in (("", 1), ("_before", 0)):
        written = _written([row for row in posts if _is_in(row, period) == bool(here)])
        made |= {f"{name}{after}": value for name, value in written.items()}
        read, readers = sums.get(("help.read", here), (0, 0))
        done = sums.get(("guide.completed", here), (0, 0))[0]
        made |= {f"read{after}": read, f"readers{after}": readers, f"guides{after}": done}
    return made


QUESTIONS = ("new", "needs_info", "answered", "accepted", "verified", "outdated")


def _written(posts: Sequence[Any]) -> Figures:
    asked = [row for row in posts if row["number"] == 1 and row["status"] in QUESTIONS]
    return {"posts": len(posts), "writers": len({row["author"] for row in posts}), "asked": len(asked),
            "solved": sum(int(row["solved"]) for row in asked),
            "answers": sum(row["number"] > 1 for row in posts),
            "chosen": sum(int(row["chosen"]) for row in posts)}  # fmt: skip
