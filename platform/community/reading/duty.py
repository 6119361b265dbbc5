"""The ambassador's duty: what was reported, what is held, what waits, what was done."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

from community import policy, records, rules
from community.reading.people import Face, names_of
from community.records import BoardRow, PostRow, post_from
from core.clock import days_ago, when
from core.database import rows
from core.i18n import _
from core.markdown import excerpt
from core.principal import Principal

PLACE = "FROM post p JOIN thread t ON t.id = p.thread_id"
POSTS = f"SELECT {records.columns(records.POST, 'p')}, t.title, t.board_id {PLACE}"
WIDTH = len(PostRow.__struct_fields__)


class Case(msgspec.Struct):
    """A post that waits for a decision. Flaggers' names are for staff only."""

    post: PostRow
    title: str
    board: BoardRow
    author: Face
    kinds: dict[str, int]
    notes: list[str]
    flaggers: list[str]
    is_own: bool

    @property
    def text(self) -> str:
        return excerpt(self.post.body, 240)


class Done(msgspec.Struct, frozen=True):
    id: int
    at: datetime
    action: str
    actor: Face
    title: str
    url: str
    reason: str
    note: str
    is_undone: bool
    may_undo: bool


def granted(who: Principal, boards: list[BoardRow]) -> list[BoardRow]:
    """The boards whose duty this person does."""
    return [board for board in boards if policy.moderates(who, board)]


def _where(boards: list[BoardRow]) -> tuple[str, list[int]]:
    if not boards:
        return "1 = 0", []
    return f"t.board_id IN ({', '.join('?' * len(boards))})", [board.id for board in boards]


async def counts(who: Principal, boards: list[BoardRow]) -> dict[str, int]:
    mine = granted(who, boards)
    where, ids = _where(mine)
    flags = await rows(
        "SELECT COUNT(DISTINCT f.post_id) FROM flag f JOIN post p ON p.id = f.post_id"
        " JOIN thread t ON t.id = p.thread_id"
        f" WHERE f.state = 'open' AND {where}", *ids)  # fmt: skip
    held = await rows(
        f"SELECT COUNT(*) FROM post p JOIN thread t ON t.id = p.thread_id WHERE p.state = 'held' AND {where}", *ids
    )
    return {"flags": flags[0][0], "held": held[0][0]}


async def flagged(who: Principal, boards: list[BoardRow], limit: int = 20) -> list[Case]:
    where, ids = _where(granted(who, boards))
    found = await rows(
        f"{POSTS} WHERE {where} AND p.id IN (SELECT f.post_id FROM flag f WHERE f.state = 'open')"
        " ORDER BY p.id LIMIT ?",
        *ids, limit,
    )  # fmt: skip
    return await _cases(who, boards, found)


async def held(who: Principal, boards: list[BoardRow], limit: int = 20) -> list[Case]:
    where, ids = _where(granted(who, boards))
    found = await rows(f"{POSTS} WHERE {where} AND p.state = 'held' ORDER BY p.id LIMIT ?", *ids, limit)
    return await _cases(who, boards, found)


async def _cases(who: Principal, boards: list[BoardRow], found: list[Any]) -> list[Case]:
    by_id = {board.id: board for board in boards}
    posts = [post_from(row) for row in found]
    flags = await _flags([post.id for post in posts])
    people = {post.author_id for post in posts} | {flag["person_id"] for some in flags.values() for flag in some}
    names = await names_of(people)
    cases = []
    for post, row in zip(posts, found, strict=True):
        some = flags.get(post.id, [])
        kinds: dict[str, int] = {}
        for flag in some:
            kinds[flag["kind"]] = kinds.get(flag["kind"], 0) + 1
        who_flagged = [names[flag["person_id"]].name for flag in some] if policy.can_see_flaggers(who) else []
        cases.append(Case(post, row["title"], by_id[row["board_id"]], names[post.author_id], kinds,
                          [flag["note"] for flag in some if flag["note"]], who_flagged,
                          post.author_id == who.person_id))  # fmt: skip
    return cases


async def _flags(ids: list[int]) -> dict[int, list[Any]]:
    made: dict[int, list[Any]] = {}
    if ids:
        marks = ", ".join("?" * len(ids))
        for row in await rows(
            f"SELECT post_id, person_id, kind, note FROM flag WHERE state = 'open' AND post_id IN ({marks})", *ids
        ):
            made.setdefault(row["post_id"], []).append(row)
    return made


async def actions(who: Principal, boards: list[BoardRow], *, mine: bool = True, limit: int = 50) -> list[Done]:
    """What this moderator did, and what reports did on their boards; not `mine`: what anybody did. The latest first."""
    by_id = {board.id: board for board in boards}
    where, parameters = ("m.actor_id = ?", [who.person_id]) if mine else ("1 = 1", [])
    if mine and (boards_where := _where(granted(who, boards)))[1]:  # and what reports did by their weight
        where, parameters = f"({where} OR (m.actor_id IS NULL AND {boards_where[0]}))", [*parameters, *boards_where[1]]
    found = await rows(
        "SELECT m.*, t.title, p.number FROM moderation m JOIN thread t ON t.id = m.thread_id"
        f" LEFT JOIN post p ON p.id = m.post_id WHERE {where} ORDER BY m.id DESC LIMIT ?",
        *parameters, limit,
    )  # fmt: skip
    names = await names_of(row["actor_id"] for row in found if row["actor_id"])
    return [_done(who, by_id.get(row["board_id"]), row, names) for row in found]


def _done(who: Principal, board: BoardRow | None, row: Any, names: dict[int, Face]) -> Done:
    at = when(row["at"])
    assert at is not None
    young = at > days_ago(rules.UNDO.days) and row["undone_at"] is None and row["action"] not in ("undo", "flags")
    actor = names.get(row["actor_id"], Face("")) if row["actor_id"] else Face(_("Automatically"))
    may_undo = young and board is not None and bool(policy.can_undo(who, board, row["actor_id"]))
    return Done(
        row["id"], at, row["action"], actor, row["title"],
        records.post_path(row["thread_id"], row["number"] or 1), row["reason"], row["note"],
        row["undone_at"] is not None, may_undo,
    )  # fmt: skip


def decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
