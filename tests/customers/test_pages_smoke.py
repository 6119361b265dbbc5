"""Every page answers, for the people it is for."""

from __future__ import annotations

from typing import Any

import pytest

from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio
STAFF = [
    "/staff/customers",
    "/staff/customers/people",
    "/staff/customers/segments",
    "/staff/customers/segments/new",
    "/staff/customers/import",
    "/staff/customers/reviews",
    "/staff/customers/rules",
    "/notices",
    "/me/contact",
]


async def test_every_page_answers_for_staff(web: Any, sign_in: Any) -> None:
    account = await an_account("千舟ロジ株式会社", tier="high")
    person = await a_person("加瀬", "もとき", account=account)
    await sign_in(await staff("admin"))
    one = [
        f"/staff/customers/{account.id}{rest}" for rest in ("", "/timeline", "/people", "/settings", "/tier", "/notes")
    ]
    for path in [*STAFF, *one, f"/staff/customers/people/{person.id}"]:
        for language in ("ja", "en"):
            answer = await web.get(path, headers={"accept-language": language})
            assert answer.status_code == 200, (path, answer.status_code, answer.text[-3000:])
