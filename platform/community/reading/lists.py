"""Lists of threads: one statement a page, by a cursor, of what the reader may see."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from community import policy, records
from community.reading.people import Face, ambassadors, face
from community.records import BoardRow, ThreadRow, thread_from
from community.rules import PAGE
from core.clock import now, when
from core.database import rows
from core.principal import Principal

SHOWS = ("", "unanswered", "solved", "mine", "following")
AUTHOR = "u.handle, u.family_name, u.given_name, u.locale, u.kind"
WIDTH = len(ThreadRow.__struct_fields__)
LIST = f"""SELECT {records.columns(records.THREAD, "t")}, {AUTHOR}, r.last_number AS read_to
 FROM thread t JOIN person u ON u.id = t.author_id
 LEFT JOIN thread_read r ON r.thread_id = t.id AND r.person_id = ?"""
WAITING = "t.status IN ('new', 'needs_info') AND t.state = 'open'"


class Line(msgspec.Struct):
    """A thread in a list."""

    thread: ThreadRow
    board: BoardRow
    author: Face
    read_to: int | None

    @property
    def is_read(self) -> bool:
        return self.read_to is not None and self.read_to >= self.thread.last_number


class Asked(msgspec.Struct, frozen=True):
    """Which list: `show` is one of SHOWS, `after` the cursor of the page before."""

    show: str = ""
    board: BoardRow | None = None
    tag: str = ""
    after: str = ""
    limit: int = PAGE


class Page(msgspec.Struct):
    lines: list[Line]
    next: str = ""


async def threads(who: Principal, boards: list[BoardRow], asked: Asked) -> Page:
    """Latest first. `boards` is every board; those not visible to `who` are left out here."""
    seen, parameters = policy.visible_threads(who, [asked.board] if asked.board else boards)
    conditions = [seen]
    _narrow(who, asked, conditions, parameters)
    if cursor := read_cursor(asked.after):
        conditions.append("(t.last_post_at, t.id) < (?, ?)")
        parameters += cursor
    found = await rows(
        f"{LIST} WHERE {' AND '.join(conditions)} ORDER BY t.last_post_at DESC, t.id DESC LIMIT ?",
        who.person_id or 0, *parameters, asked.limit + 1,
    )  # fmt: skip
    lines = await _lines(found[: asked.limit], boards)
    return Page(lines, write_cursor(lines[-1].thread) if len(found) > asked.limit else "")


def _narrow(who: Principal, asked: Asked, conditions: list[str], parameters: list[Any]) -> None:
    me = who.person_id or 0
    if asked.show == "unanswered":
        conditions.append(WAITING)
    elif asked.show == "solved":
        conditions.append("t.status IN ('accepted', 'verified')")
    elif asked.show == "mine":
        conditions.append("t.author_id = ?")
        parameters.append(me)
    elif asked.show == "following":
        conditions.append("t.id IN (SELECT f.about_id FROM follow f WHERE f.person_id = ? AND f.about_kind = 'thread'"
                          " AND f.level IN ('tracking', 'watching'))")  # fmt: skip
        parameters.append(me)
    if asked.tag:
        conditions.append("t.id IN (SELECT g.thread_id FROM thread_tag g WHERE g.tag = ?)")
        parameters.append(asked.tag)


async def pinned(who: Principal, board: BoardRow) -> list[Line]:
    seen, parameters = policy.visible_threads(who, [board])
    found = await rows(f"{LIST} WHERE {seen} AND t.pinned_until > ? ORDER BY t.pinned_until DESC LIMIT 5",
                       who.person_id or 0, *parameters, now())  # fmt: skip
    return await _lines(found, [board])


async def of_author(who: Principal, boards: list[BoardRow]) -> list[Line]:
    """One's own threads that are not visible to others: held, hidden."""
    me = who.person_id or 0
    where = "t.author_id = ? AND t.visibility IN ('held', 'hidden') ORDER BY t.id DESC LIMIT 20"
    found = await rows(f"{LIST} WHERE {where}", me, me)
    return await _lines(found, policy.visible_boards(who, boards))


async def count_unanswered(who: Principal, boards: list[BoardRow], board: BoardRow | None = None) -> int:
    """Up to 99."""
    seen, parameters = policy.visible_threads(who, [board] if board else boards)
    found = await rows(
        f"SELECT COUNT(*) FROM (SELECT 1 FROM thread t WHERE {seen} AND {WAITING} LIMIT 99) AS waiting", *parameters
    )
    return int(found[0][0])


async def _lines(found: list[Any], boards: list[BoardRow]) -> list[Line]:
    known = await ambassadors()
    by_id = {board.id: board for board in boards}
    lines = []
    for row in found:
        thread = thread_from(row)
        if thread.board_id in by_id:
            author = face(thread.author_id, *tuple(row)[WIDTH : WIDTH + 5], known)
            lines.append(Line(thread, by_id[thread.board_id], author, row["read_to"]))
    return lines


def write_cursor(thread: ThreadRow) -> str:
    return f"{thread.last_post_at.isoformat()}~{thread.id}"


def read_cursor(text: str) -> list[Any] | None:
    """None when there is none or it is not one of ours: then the list begins at its top."""
    moment, _sign, id = text.partition("~")
    try:
        found = datetime.fromisoformat(moment)
        return [found, int(id)] if found.tzinfo and 0 < int(id) < 2**62 else None
    except ValueError:
        return None


class BoardLine(msgspec.Struct, frozen=True):
    """A board on the front page, with its latest thread."""

    board: BoardRow
    title: str = ""
    at: datetime | None = None


async def board_lines(who: Principal, boards: list[BoardRow]) -> list[BoardLine]:
    seen = policy.visible_boards(who, boards)
    if not seen:
        return []
    latest = " UNION ALL ".join(
        "SELECT * FROM (SELECT board_id, title, last_post_at FROM thread WHERE board_id = ? AND visibility = 'visible'"
        " ORDER BY last_post_at DESC, id DESC LIMIT 1) AS one" for _board in seen[:50])  # fmt: skip
    found = {row[0]: row for row in await rows(latest, *(board.id for board in seen[:50]))}
    return [_board_line(board, found.get(board.id)) for board in seen]


def _board_line(board: BoardRow, latest: Any) -> BoardLine:
    return BoardLine(board, latest[1], when(latest[2])) if latest else BoardLine(board)
