"""Readers and writers for the help centre's tests.

`access` stands beside this room, so who asks is said here, at the entrance's own hook, by a header.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core import entrance
from core.context import here
from core.principal import CAPABILITIES, MEMBER, NOBODY, Principal
from factories import a_person
from helpcenter import actions
from helpcenter.models import Article
from helpcenter.wordings import Place, Words

WRITER = Principal(
    person_id=None, name="白石 ひより", role="admin", capabilities=frozenset(CAPABILITIES), all_accounts=True
)


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> dict[str, Principal]:
    """Who the header `x-test-person` may name."""
    known: dict[str, Principal] = {}

    async def identify(request: Any) -> Principal:
        return known.get(request.headers.get("x-test-person", ""), NOBODY)

    monkeypatch.setattr(entrance, "_identify", identify)
    return known


@pytest.fixture
async def writer(house: Any, people: dict[str, Principal]) -> Principal:
    person = await a_person("白石", "ひより", kind="staff")
    made = Principal(person_id=person.id, name=person.full_name, role="admin", capabilities=frozenset(CAPABILITIES),
                     all_accounts=True)  # fmt: skip
    people["writer"] = made
    here().principal = made
    return made


@pytest.fixture
async def member(house: Any, people: dict[str, Principal]) -> Principal:
    person = await a_person("三輪", "さつき")
    people["member"] = Principal(person_id=person.id, name=person.full_name, role="member", capabilities=MEMBER)
    return people["member"]


@pytest.fixture
def browse(web: Any, people: dict[str, Principal]) -> Callable[[str], Any]:
    """`browse("writer")` is a browser in which the writer is signed in; `browse("")` a guest's."""

    def do(name: str = "") -> Any:
        browser = web.another()
        if name:
            browser.headers["x-test-person"] = name
        return browser

    return do


@pytest.fixture
def an_article(writer: Principal) -> Callable[..., Awaitable[Article]]:
    async def do(title: str = "有給休暇を翌年に繰り越す", body: str = "使い切らなかった有給休暇は、2年間有効です。",
                 *phrasings: str, audience: tuple[str, ...] = ("public",), publish: bool = True, slug: str = "",
                 locale: str = "ja", category_id: int | None = None, **more: Any) -> Article:  # fmt: skip
        words = Words(title=title, body=body, phrasings=phrasings, slug=slug, locale=locale)
        made = await actions.create(writer, words, Place(audience=audience, category_id=category_id), **more)
        return await actions.publish(writer, made.id) if publish else made

    return do
