"""/api/v1/tasks as a company's own program uses it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from access.actions import make_api_key
from core.clock import local_day
from core.principal import SYSTEM
from core.refs import Ref
from customers import seeing, tasks
from customers.models import Task
from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio
API = "/api/v1/tasks"


async def a_key(person: Any, *scopes: str) -> dict[str, str]:
    _made, key = await make_api_key("test", list(scopes), by=SYSTEM, person_id=person.id)
    return {"authorization": f"Bearer {key}", "accept": "application/json", "accept-language": "en"}


async def test_a_program_writes_changes_and_ends_tasks(web: Any, house: Any) -> None:
    csm, other = await staff("csm"), await staff("csm", "別", "人")
    account, foreign = await an_account(csm_id=csm.id), await an_account("他社", csm_id=other.id)
    person, stranger = await a_person(account=account), await a_person(account=foreign)
    key = await a_key(csm, "customers.read", "customers.write")
    due = str(local_day() + timedelta(days=3))
    body = {"account_id": account.id, "title": "Call them", "due_on": due, "person_id": person.id}
    once = key | {"idempotency-key": "crm-1"}
    answers = await asyncio.gather(*[web.post(API, headers=once, json=body) for _n in range(3)])
    assert {one.status_code for one in answers} == {201} and {one.text for one in answers} == {answers[0].text}
    made = answers[0].json()
    assert (made["owner_id"], made["kind"], made["about"], made["state"]) == (csm.id, "by_hand", None, "open")
    for wrong in ({"title": ""}, {"due_on": "soon"}, {"owner_id": person.id}, {"person_id": stranger.id}, {"x": 1}):
        assert (await web.post(API, headers=key, json=body | wrong)).status_code == 422, wrong
    assert (await web.post(API, headers=key, json=body | {"account_id": foreign.id})).status_code == 404
    assert (await web.post(API, headers=key, json=body | {"account_id": 2**62})).status_code == 404
    assert await Task.all().count() == 1
    place = f"{API}/{made['id']}"
    for wrong in ({"title": None}, {"due_on": None}, {"state": "open"}, {"note": "x"}, {"owner_id": person.id}):
        assert (await web.patch(place, headers=key, json=wrong)).status_code == 422, wrong
    changed = (await web.patch(place, headers=key, json={"owner_id": None, "title": "Visit them"})).json()
    assert (changed["title"], changed["owner_id"], changed["due_on"]) == ("Visit them", None, due)
    ended = (await web.patch(place, headers=key, json={"state": "done", "note": "glad"})).json()
    assert (ended["state"], ended["note"], ended["closed_by_id"]) == ("done", "glad", csm.id)
    assert (await web.patch(place, headers=key, json={"state": "dropped"})).status_code == 409
    assert (await web.patch(place, headers=key, json={"title": "Late"})).status_code == 409
    assert (await web.get(place, headers=key)).json() == ended
    read_only = await a_key(csm, "customers.read")
    assert (await web.post(API, headers=read_only, json=body)).status_code == 403
    await seeing.hide({"notes": ["csm"]})
    assert (await web.get(place, headers=key)).json()["note"] is None


async def test_a_program_lists_the_tasks_of_what_its_person_sees(web: Any, house: Any) -> None:
    csm, other = await staff("csm"), await staff("csm", "別", "人")
    account, foreign = await an_account(csm_id=csm.id), await an_account("他社", csm_id=other.id)
    for where in (account, foreign):
        for score in (3, 4):
            await tasks.open_itself("detractor", where.id, Ref("guide_answer", where.id * 10 + score),
                                    key=f"guide.answer:{where.id}:{score}", score=score)  # fmt: skip
    key = await a_key(csm, "customers.read")
    first = (await web.get(API, headers=key, params={"limit": 1, "state": "open"})).json()
    rest = (await web.get(API, headers=key, params={"after": first["next"], "state": "open"})).json()
    found = first["data"] + rest["data"]
    assert [one["title"] for one in found] == [f"Ask why the answer was {n} of 10" for n in (3, 4)]
    assert (found[0]["about"], found[0]["account_id"]) == (f"guide_answer:{account.id * 10 + 3}", account.id)
    for query, count in (({"state": "done"}, 0), ({"account_id": foreign.id}, 0), ({"account_id": account.id}, 2),
                         ({"owner_id": csm.id}, 2), ({"owner_id": other.id}, 0),
                         ({"updated_since": "2100-01-01T00:00:00Z"}, 0)):  # fmt: skip
        assert len((await web.get(API, headers=key, params=query)).json()["data"]) == count, query
    strangers = await Task.filter(account_id=foreign.id).first()
    assert (await web.get(f"{API}/{strangers.id}", headers=key)).status_code == 404
