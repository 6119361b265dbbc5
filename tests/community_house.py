"""The community for tests: boards, people, and principals for actions that are called without a browser."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from access.actions.grants import grant
from access.actions.roles import give_role
from access.identify import find
from access.sessions import open_session
from community import actions, rules
from community.actions.boards import BoardPlan
from community.records import BoardRow
from core.clock import now
from core.context import here
from core.database import write
from core.principal import SYSTEM, Principal
from factories import a_person, staff


async def as_person(person: Any) -> Principal:
    """The principal of a person, as a request of theirs would have it; audit names them."""
    found = await find(await open_session(person.id))
    assert found is not None
    here().principal = found.principal
    return found.principal


async def a_board(slug: str = "questions", kind: str = "question", **more: Any) -> BoardRow:
    names = {"question": "質問", "idea": "要望", "discussion": "使い方の工夫", "announcement": "お知らせ"}
    plan = BoardPlan(slug=slug, name={"ja": names[kind], "en": slug.title()}, kind=kind, **more)
    return await actions.add_board(SYSTEM, plan)


async def an_ambassador(boards: Iterable[BoardRow], **more: Any) -> Any:
    person = await a_person("小松", "菜", handle="こまつな", **more)
    for board in boards:
        await grant(person.id, board.scope, ["community.moderate"], reason="よく答えてくれる", by=SYSTEM)
    return person


async def seasoned(person: Any, board: BoardRow) -> Any:
    """Somebody who has written enough, long ago, to be no newcomer."""
    who = await as_person(person)
    long_ago = now() - timedelta(days=30)
    for n in range(rules.NEWCOMER_POSTS):
        await actions.publish(who, board.id, f"昔の質問その{n}です", f"昔の本文その{n}。人{person.id}", at=long_ago)
    return person


async def aged(table: str, id: int, **ago: Any) -> None:
    """Make a row older than it is."""
    await write(f"UPDATE {table} SET created_at = ? WHERE id = ?", now() - timedelta(**ago), id)


@pytest.fixture
async def board(house: Any) -> BoardRow:
    return await a_board()


@pytest.fixture
async def asker(house: Any) -> Any:
    return await a_person("三崎", "", handle="みさき")


@pytest.fixture
async def helper(house: Any, board: BoardRow) -> Any:
    return await seasoned(await a_person("恵", "糸", handle="けいと"), board)


@pytest.fixture
async def csm(house: Any) -> Any:
    return await staff("csm")


__all__ = ["a_board", "aged", "an_ambassador", "as_person", "give_role", "seasoned"]
