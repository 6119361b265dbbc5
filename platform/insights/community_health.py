# ruff: noqa: E501 -- a definition is one sentence, a statement and a table are read whole
"""The community: whether questions are answered, by whom, how fast, and how much had to be hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from community import records
from community.policy import visible_boards, visible_threads
from community.reading.people import ambassadors
from core.clock import when
from core.database import rows
from core.i18n import _, lazy, moment, ngettext, number
from core.listing import Column, Listing, Rows
from core.principal import Principal
from customers.models import PUBLIC_NAME
from insights.counting import counted, percentile, within
from insights.parts import (
    Cell,
    Figure,
    Measure,
    Report,
    Section,
    Table,
    against,
    behind,
    how_large,
    how_many,
    over_time,
)
from insights.spans import Span

MOST = 20_000  # questions whose waiting is measured, the latest ones
TOP = 20
QUESTIONS = "t.status IN ('new', 'needs_info', 'answered', 'accepted', 'verified', 'outdated')"
LATER = "t.last_post_at >= ?"  # a thread's last post is never before its first, and that column has the index
ASKED = {"questions": "1 = 1", "answered": "t.first_reply_at IS NOT NULL", "accepted": "t.accepted_post_id IS NOT NULL",
         "unanswered": "t.first_reply_at IS NULL"}  # fmt: skip
# CROSS JOIN holds SQLite to this order: the posts of the period first, then each one's thread.
WRITTEN = "post x CROSS JOIN thread t"
THREADS = (
    "SELECT t.id AS id, t.title AS title, t.created_at AS created_at, t.first_reply_at AS first_reply_at,"
    " t.accepted_at AS accepted_at, t.reply_count AS reply_count FROM thread t"
)
POSTS = (
    "SELECT x.id AS id, t.title AS title, t.id AS thread_id, x.number AS number, x.created_at AS created_at,"
    f" {PUBLIC_NAME} AS author,"
    " x.author_id AS author_id FROM post x JOIN thread t ON t.id = x.thread_id JOIN person p ON p.id = x.author_id"
)

MEASURES = {
    "questions": Measure(lazy("Questions"), lazy("Questions asked in the period on the boards that you see. Ideas, discussions and hidden threads are not among them.")),
    "answered": Measure(lazy("Questions answered"), lazy("Of the questions asked in the period, those with a reply by somebody other than the asker, by now.")),
    "accepted": Measure(lazy("Answers accepted"), lazy("Of the questions asked in the period, those with an accepted answer, by now.")),
    "unanswered": Measure(lazy("Questions nobody answered"), lazy("Of the questions asked in the period, those without a reply by somebody other than the asker, by now.")),
    "first": Measure(lazy("First answer"), lazy("From a question to the first reply by somebody other than the asker, in hours of any day, for questions asked in the period: the median, and the time that 9 of 10 did not exceed. The latest 20,000 are measured.")),
    "acceptance": Measure(lazy("Acceptance"), lazy("From a question to its accepted answer, in hours of any day, for questions asked in the period: the median, and the time that 9 of 10 did not exceed. The latest 20,000 are measured.")),
    "members": Measure(lazy("Active members"), lazy("Different customers who wrote at least one visible post in the period; ambassadors are among them, staff are not.")),
    "replies": Measure(lazy("Replies"), lazy("Visible replies written in the period, whoever wrote them.")),
    "ambassadors": Measure(lazy("Replies by ambassadors"), lazy("Of the replies written in the period, those by people who are ambassadors now.")),
    "hidden": Measure(lazy("Posts hidden"), lazy("Decisions in the period to hide a post that stand: what was undone is not among them.")),
}  # fmt: skip


async def report(who: Principal, span: Span) -> Report:
    boards = await records.boards()
    seen, ids = visible_threads(who, boards)
    asked = await counted(span, "thread t", "t.created_at", ASKED, f"{LATER} AND {QUESTIONS} AND {seen}",
                          [span.before_begins, *ids])  # fmt: skip
    written = await counted(span, WRITTEN, "x.created_at",
                            {"replies": "1 = 1", "ambassadors": await _by_ambassadors()},
                            f"t.id = x.thread_id AND x.state = 'visible' AND x.number > 1 AND {seen}", ids)  # fmt: skip
    where, board_ids = _boards(who, boards)
    hidden = await counted(span, "moderation m", "m.at", {"hidden": "1 = 1"}, f"{HIDDEN} AND {where}", board_ids)
    n, answered = asked.total("questions"), asked.total("answered")
    return Report(
        [how_many("community", span, MEASURES, asked, "questions", "c1"),
         how_large("community", span, MEASURES, asked, "answered", "questions", "c2"),
         how_large("community", span, MEASURES, asked, "accepted", "questions", "c2"),
         how_many("community", span, MEASURES, asked, "unanswered", "c4"),
         *await _waits(span, seen, ids, "first"), *await _waits(span, seen, ids, "acceptance"),
         await _members(span, seen, ids), how_many("community", span, MEASURES, written, "replies", "c1"),
         how_large("community", span, MEASURES, written, "ambassadors", "replies", "c3"),
         how_many("community", span, MEASURES, hidden, "hidden", "c4")],
        [over_time(_("Questions"), span, [(_("Questions"), asked.now["questions"]), (_("Answered"), asked.now["answered"])],
                   (_("Questions before"), asked.before["questions"]), _("questions"),
                   ngettext("%(n)s question, %(answered)s of them answered", "%(n)s questions, %(answered)s of them answered",
                            n, answered=number(answered)))],
        [await _by_board(span, seen, ids, boards), await _who(span, seen, ids)],
        "" if n or written.total("replies") or asked.earlier("questions")
        else _("Nobody has asked in this period. Invite a few customers who know the product well to begin."),
    )  # fmt: skip


HIDDEN = "m.action = 'hide' AND m.undone_at IS NULL AND m.post_id IS NOT NULL"


def _boards(who: Principal, boards: list[records.BoardRow]) -> tuple[str, list[int]]:
    ids = [one.id for one in visible_boards(who, boards)]
    return (f"m.board_id IN ({', '.join('?' * len(ids))})", ids) if ids else ("1 = 0", [])


async def _by_ambassadors() -> str:
    ids = ", ".join(str(int(id)) for id in sorted(await ambassadors())) or "0"
    return f"x.author_id IN ({ids})"


ENDED = {"first": "t.first_reply_at", "acceptance": "t.accepted_at"}


async def _waits(span: Span, seen: str, ids: list[int], name: str) -> list[Figure]:
    now = await _measured(span.begins, span.ends, seen, ids, ENDED[name])
    before = await _measured(span.before_begins, span.before_ends, seen, ids, ENDED[name])
    made = MEASURES[name]
    found = []
    for label, share in (
        (_("%(what)s, median", what=made.label), 0.5),
        (_("%(what)s, 9 of 10 within", what=made.label), 0.9),
    ):
        value, old = percentile(now, share), percentile(before, share)
        note = ngettext("%(n)s question", "%(n)s questions", len(now))
        if old is not None:
            note += " · " + against(number(old, 1), None if value is None else round(value - old, 1))
        found.append(Figure(name, label, number(value, 1 if value is not None and value < 10 else 0), str(made.meaning),
                            _("h") if value is not None else "", behind("community", span, name), note, look="c3"))  # fmt: skip
    return found


async def _measured(begins: Any, ends: Any, seen: str, ids: list[int], end: str) -> list[float]:
    found = await rows(
        f"SELECT t.created_at, {end} FROM thread t WHERE {LATER} AND {within('t.created_at')} AND {end} IS NOT NULL"
        f" AND {QUESTIONS} AND {seen} ORDER BY t.last_post_at DESC LIMIT {MOST}", begins, begins, ends, *ids,
    )  # fmt: skip
    return [hours for row in found if (hours := _hours(row[0], row[1])) is not None]


def _hours(first: Any, last: Any) -> float | None:
    begun, ended = when(first), when(last)
    return round(max(0.0, (ended - begun).total_seconds()) / 3600, 2) if begun and ended else None


async def _members(span: Span, seen: str, ids: list[int]) -> Figure:
    sql = (
        f"SELECT COUNT(DISTINCT x.author_id) FROM {WRITTEN} JOIN person p ON p.id = x.author_id WHERE t.id = x.thread_id"
        f" AND {within('x.created_at')} AND x.state = 'visible' AND p.kind = 'customer' AND {seen}"
    )
    now = int((await rows(sql, span.begins, span.ends, *ids))[0][0])
    before = int((await rows(sql, span.before_begins, span.before_ends, *ids))[0][0])
    made = MEASURES["members"]
    return Figure("members", str(made.label), number(now), str(made.meaning), href=behind("community", span, "members"),
                  note=against(number(before), now - before))  # fmt: skip


# Tables ------------------------------------------------------------------------------------------------------


async def _by_board(span: Span, seen: str, ids: list[int], boards: Sequence[records.BoardRow]) -> Table:
    sums = ", ".join(f"COUNT(CASE WHEN {ASKED[name]} THEN 1 END) AS {name}" for name in ("answered", "accepted"))
    found = await rows(
        f"SELECT t.board_id AS board, COUNT(*) AS times, {sums} FROM thread t WHERE {LATER} AND {within('t.created_at')}"
        f" AND {QUESTIONS} AND {seen} GROUP BY t.board_id ORDER BY times DESC, board", span.begins, span.begins, span.ends, *ids,
    )  # fmt: skip
    by_id = {one.id: one for one in boards}
    return Table("boards", _("By board"), [(_("Board"), False), (_("Questions"), True), (_("Answered"), True), (_("Accepted answers"), True)],
                 [[Cell(by_id[row["board"]].name, f"/community/b/{by_id[row['board']].slug}"), row["times"], row["answered"], row["accepted"]] for row in found],
                 _("No questions in this period."))  # fmt: skip


async def _who(span: Span, seen: str, ids: list[int]) -> Table:
    """Who replied most, and how many of those replies were accepted."""
    found = await rows(
        f"SELECT x.author_id AS id, MAX({PUBLIC_NAME}) AS author, COUNT(*) AS replies,"
        f" COUNT(CASE WHEN t.accepted_post_id = x.id THEN 1 END) AS accepted FROM {WRITTEN}"
        f" JOIN person p ON p.id = x.author_id WHERE t.id = x.thread_id AND {within('x.created_at')}"
        f" AND x.state = 'visible' AND x.number > 1 AND {seen}"
        f" GROUP BY x.author_id ORDER BY replies DESC, id LIMIT {TOP}", span.begins, span.ends, *ids,
    )  # fmt: skip
    known = await ambassadors()
    return Table("people", _("Who answers"), [(_("Person"), False), (_("Replies"), True), (_("Accepted answers"), True), (_("Ambassador"), False)],
                 [[Cell(row["author"], behind("community", span, "replies", q=row["author"])), row["replies"], row["accepted"],
                   _("Yes") if row["id"] in known else ""] for row in found],
                 _("Nobody replied in this period."))  # fmt: skip


# The rows behind ---------------------------------------------------------------------------------------------


async def listing(request: Any, who: Principal, span: Span, name: str) -> Listing:
    boards = await records.boards()
    seen, ids = visible_threads(who, boards)
    if name in ASKED or name in ENDED:
        said = ASKED.get(name) or f"{ENDED[name]} IS NOT NULL"
        return _threads(request, name, Rows(f"{THREADS} WHERE {LATER} AND {within('t.created_at')} AND {QUESTIONS} AND {seen} AND {said}",
                                            span.begins, span.begins, span.ends, *ids))  # fmt: skip
    if name == "members":
        return _people(request, Rows(
            f"SELECT x.author_id AS id, MAX({PUBLIC_NAME}) AS author, COUNT(*) AS posts FROM post x JOIN thread t ON t.id = x.thread_id"
            f" JOIN person p ON p.id = x.author_id WHERE {within('x.created_at')} AND x.state = 'visible' AND p.kind = 'customer'"
            f" AND {seen} GROUP BY x.author_id", span.begins, span.ends, *ids))  # fmt: skip
    if name == "hidden":
        where, board_ids = _boards(who, boards)
        return _posts(request, name, Rows(
            f"{POSTS} JOIN moderation m ON m.post_id = x.id WHERE {within('m.at')} AND {HIDDEN} AND {where}".replace(
                "SELECT x.id AS id", "SELECT m.id AS id"), span.begins, span.ends, *board_ids))  # fmt: skip
    extra = await _by_ambassadors() if name == "ambassadors" else "1 = 1"
    return _posts(request, name, Rows(f"{POSTS} WHERE {within('x.created_at')} AND x.state = 'visible' AND x.number > 1"
                                      f" AND {seen} AND {extra}", span.begins, span.ends, *ids))  # fmt: skip


def _threads(request: Any, name: str, query: Rows) -> Listing:
    columns = [
        Column("title", _("Question"), head=True, href=lambda row: f"/community/{row['id']}"),
        Column("reply_count", _("Replies"), num=True, sort=True, wide=True),
        Column("first", _("First answer (h)"), num=True, value=lambda row: _hours(row["created_at"], row["first_reply_at"]), format=_one),
        Column("acceptance", _("Acceptance (h)"), num=True, value=lambda row: _hours(row["created_at"], row["accepted_at"]), format=_one, wide=True),
        Column("created_at", _("When"), sort=True, format=moment, export=lambda row: when(row["created_at"]), wide=True),
    ]  # fmt: skip
    return Listing(
        request, query=query, columns=columns, search=["title"], default_sort="-created_at", exportable=True, name=name
    )


def _one(value: float | None) -> str:
    return number(value, 1)


def _people(request: Any, query: Rows) -> Listing:
    columns = [Column("author", _("Person"), head=True), Column("posts", _("Posts"), num=True, sort=True)]
    return Listing(
        request, query=query, columns=columns, search=["author"], default_sort="-posts", exportable=True, name="members"
    )


def _posts(request: Any, name: str, query: Rows) -> Listing:
    columns = [
        Column("title", _("Thread"), head=True, href=lambda row: f"/community/{row['thread_id']}"),
        Column("number", _("Post"), num=True, wide=True),
        Column("author", _("Person")),
        Column("created_at", _("When"), sort=True, format=moment, export=lambda row: when(row["created_at"]), wide=True),
    ]  # fmt: skip
    return Listing(
        request,
        query=query,
        columns=columns,
        search=["title", "author"],
        default_sort="-created_at",
        exportable=True,
        name=name,
    )


SECTION = Section("community", lazy("Community"), MEASURES, report, listing,
                  lazy("Whether questions are answered, how fast, and by whom."))  # fmt: skip
