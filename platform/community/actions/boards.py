"""Boards: staff add and change them."""

from __future__ import annotations

from typing import Any

import msgspec

from community import policy, records
from community.jobs import index_board
from community.models import BOARD_KINDS
from community.records import BoardRow
from community.rules import CALLS_AFTER
from core.audit import audit
from core.clock import now
from core.database import rows, transaction, write
from core.errors import Conflict, Refused
from core.i18n import _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref


class BoardPlan(msgspec.Struct, kw_only=True):
    """Everything about a board. `audience` are tokens: public, members, account:7, board:3."""

    slug: str
    name: dict[str, str]
    description: dict[str, str] = msgspec.field(default_factory=dict)
    kind: str = "question"
    audience: list[str] = msgspec.field(default_factory=lambda: ["public"])
    posting: str = "members"
    holds: str = "nobody"
    parent_id: int | None = None
    brand: str = "default"
    icon: str = ""
    position: int = 0
    state: str = "open"
    calls_after: int = CALLS_AFTER


RESERVED = {"new", "feed"}
COLUMNS = BoardPlan.__struct_fields__


async def add_board(who: Principal, plan: BoardPlan) -> BoardRow:
    ensure(policy.can_manage(who))
    _check(plan)
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    async with transaction():
        made = await write(
            f"INSERT INTO board ({', '.join(COLUMNS)}, created_at, thread_count) VALUES ({marks}, 0)"
            " ON CONFLICT (slug) DO NOTHING RETURNING id",
            *_values(plan), now(),
        )  # fmt: skip
        if not made:
            raise Conflict(_("Another board has this address."))
        await audit("community.board_added", Ref("board", made[0][0]), after=msgspec.to_builtins(plan))
        return await records.board(made[0][0])


async def change_board(who: Principal, board_id: int, plan: BoardPlan) -> BoardRow:
    """A changed audience changes who finds the board's threads, so they are indexed again."""
    ensure(policy.can_manage(who))
    _check(plan)
    async with transaction():
        before = await records.board(board_id)
        if await rows("SELECT 1 FROM board WHERE slug = ? AND id <> ?", plan.slug, board_id):
            raise Conflict(_("Another board has this address."))
        sets = ", ".join(f"{name} = ?" for name in COLUMNS)
        await write(f"UPDATE board SET {sets} WHERE id = ?", *_values(plan), board_id)
        await audit("community.board_changed", Ref("board", board_id), before=msgspec.to_builtins(before),
                    after=msgspec.to_builtins(plan))  # fmt: skip
        if before.audience != frozenset(plan.audience) or before.brand != plan.brand:
            await index_board.later(board_id=board_id, key=f"board:{board_id}")
        return await records.board(board_id)


def _check(plan: BoardPlan) -> None:
    if (
        plan.kind not in BOARD_KINDS
        or plan.posting not in ("members", "staff")
        or plan.holds not in ("nobody", "newcomers")
    ):
        raise Refused(_("Choose one of the list."))
    if not plan.name or not all(plan.name.values()):
        raise Refused(_("Write the board's name."))
    if not plan.slug or plan.slug in RESERVED or not all(c.isascii() and (c.isalnum() or c == "-") for c in plan.slug):
        raise Refused(_("The address may hold small letters, digits and hyphens."))
    known = [token for token in plan.audience if token in ("public", "members", "staff") or _is_numbered(token)]
    if not plan.audience or known != plan.audience:
        raise Refused(_("Say who may read the board."))


def _is_numbered(token: str) -> bool:
    kind, _colon, number = token.partition(":")
    return kind in ("account", "board") and number.isdigit()


def _values(plan: BoardPlan) -> list[Any]:
    found = [getattr(plan, name) for name in COLUMNS]
    found[COLUMNS.index("audience")] = " ".join(plan.audience)
    return found
