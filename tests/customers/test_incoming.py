"""Incoming webhooks: from another system's body to a record, by a mapping that staff draw."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from core.context import Here, enter
from core.database import rows
from core.principal import SYSTEM
from customers.incoming import hooks
from customers.incoming.paths import paths_in, value_at
from factories import staff

pytestmark = pytest.mark.anyio
CONTACT = {"event": "contact.changed", "data": {"contacts": [
    {"id": 7, "properties": {"email": "hanako@example.jp", "lastname": "青波", "firstname": "花子"}}]}}  # fmt: skip
MAPPING = {"source_id": "id", "email": "properties.email", "family_name": "properties.lastname",
           "given_name": "properties.firstname"}  # fmt: skip


async def a_hook(secret: str = "", *, is_on: bool = True) -> tuple[int, str]:
    enter(Here(principal=SYSTEM, language="ja"))
    made, key = await hooks.make("CRM", "crm", "people", secret, "X-Sign")
    await hooks.draw(made.id, MAPPING, "data.contacts")
    if is_on:
        await hooks.switch(made.id, True)
    return made.id, f"/in/{key}"


async def send(web: Any, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = await web.post(path, content=content, headers={"content-type": "application/json"} | headers)
    return found.status_code, found.json() if found.status_code == 200 else found.text


async def names() -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await rows("SELECT family_name, given_name, email FROM person WHERE kind ="
                                             " 'customer' ORDER BY id")]  # fmt: skip


async def test_a_body_becomes_a_record_once_and_in_order(house: Any, web: Any, run_jobs: Any) -> None:
    hook, path = await a_hook()
    assert await send(web, path, CONTACT) == (200, {"received": True, "repeated": False})
    assert await send(web, path, CONTACT) == (200, {"received": True, "repeated": True})
    other = json.loads(json.dumps(CONTACT).replace("hanako@", "h.aonami@"))
    assert (await send(web, path, other))[1]["repeated"] is False
    assert (await send(web, path, CONTACT))[1]["repeated"] is False  # back to what it was: news, not a repeat
    await run_jobs()
    assert await names() == [("青波", "花子", "hanako@example.jp")]
    states = await rows("SELECT state, counts FROM incoming_body ORDER BY id")
    assert [row[0] for row in states] == ["done"] * 3
    assert await send(web, path, CONTACT | {"x": 1}, **{"webhook-id": "n-1"}) == (
        200, {"received": True, "repeated": False})  # fmt: skip
    assert (await send(web, path, CONTACT | {"x": 2}, **{"webhook-id": "n-1"}))[1]["repeated"] is True


async def test_what_is_wrong_is_told_by_row_and_can_be_replayed(house: Any, web: Any, run_jobs: Any) -> None:
    hook, path = await a_hook()
    wrong = {"data": {"contacts": [{"id": 1, "properties": {"email": "no address", "lastname": "x"}},
                                   {"id": 2, "properties": {"lastname": {"first": "x"}}},
                                   {"id": 3, "properties": {"lastname": "千舟"}}]}}  # fmt: skip
    assert (await send(web, path, wrong))[0] == 200
    assert (await send(web, path, {"data": {}}))[0] == 200
    await run_jobs()
    found = await rows("SELECT id, state, outcomes, error FROM incoming_body ORDER BY id")
    assert [row[1] for row in found] == ["failed", "failed"]
    assert [part[:2] for part in json.loads(found[0][2])] == [[1, "refused"], [2, "refused"]]
    assert found[1][3]
    assert await names() == [("千舟", "", None)]
    enter(Here(principal=SYSTEM, language="ja"))
    await hooks.draw(hook, MAPPING | {"email": "properties.mail"}, "data.contacts")
    assert await hooks.replay(hook, found[0][0]) == 1
    await run_jobs()
    assert ("x", "", None) in await names()


@pytest.mark.parametrize("body", [b"", b"{", b"7", b'"x"', b"\xff\xfe", b"[" * 5000, b'{"a": NaN'])
async def test_what_is_no_body_is_told_so(house: Any, web: Any, body: bytes) -> None:
    _hook, path = await a_hook()
    status, said = await send(web, path, body)
    assert status == 400 and said
    assert await rows("SELECT 1 FROM incoming_body") == []


async def test_only_the_sender_is_heard(house: Any, web: Any) -> None:
    hook, path = await a_hook("s3cret")
    body = json.dumps(CONTACT).encode()
    right = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert (await send(web, path, body))[0] == 401
    assert (await send(web, path, body, **{"X-Sign": "0" * 64}))[0] == 401
    assert (await send(web, path, body, **{"X-Sign": f"sha256={right}"}))[0] == 200
    assert (await send(web, "/in/in_nobody-knows-this-address-at-all", body))[0] == 401
    enter(Here(principal=SYSTEM, language="ja"))
    await hooks.revoke(hook)
    assert (await send(web, path, body, **{"X-Sign": right}))[0] == 401


async def test_staff_draw_the_mapping_and_see_what_would_become(house: Any, web: Any, sign_in: Any) -> None:
    hook, path = await a_hook(is_on=False)
    await send(web, path, CONTACT)
    await sign_in(await staff("admin"))
    shown = await web.get(f"/staff/settings/incoming/{hook}")
    assert shown.status_code == 200 and "properties.lastname" in shown.text and "hanako@example.jp" in shown.text
    assert await names() == []
    made = await web.submit("/staff/settings/incoming", {"name": "SFA", "source": "sfa", "kind": "accounts"})
    assert made.status_code == 200 and "/in/in_" in made.text


def test_a_path_leads_through_objects_and_lists() -> None:
    assert value_at(CONTACT, "data.contacts.0.properties.email") == "hanako@example.jp"
    assert value_at(CONTACT, "data.contacts.1.x") is value_at(CONTACT, "event.x") is None
    assert paths_in(CONTACT)["data.contacts.0.id"] == "7"
