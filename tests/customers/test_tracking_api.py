"""The tracking API from outside: what is stored for whom, what is refused and how, and that nothing is lost."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from core.clock import now, when
from core.context import Here, enter
from core.database import rows
from core.principal import SYSTEM
from customers.models import AccountSource, Person, PersonSource
from customers.tracking import keys
from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio


async def a_key(is_trusted: bool = True, source: str = "app") -> str:
    enter(Here(principal=SYSTEM))
    _row, key = await keys.make(source, "test", is_trusted)
    return key


async def send(web: Any, path: str, body: Any, key: str, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await web.post(path, content=content, auth=(key, ""), headers={"content-type": "application/json"} | headers)


async def events() -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await rows("SELECT name, person_id, anonymous_id FROM event ORDER BY id")]


async def test_who_was_anonymous_keeps_their_history(web: Any, house: Any) -> None:
    key = await a_key()
    for n, path in enumerate(("/pricing", "/docs")):
        page = {"anonymousId": "a1", "messageId": f"p{n}", "properties": {"path": path, "dwell_seconds": 30}}
        assert (await send(web, "/v1/page", page, key)).json() == {"success": True}
    said = {"userId": 7, "anonymousId": "a1", "traits": {"plan": "pro"},
            "context": {"traits": {"email": "Hanako@Example.JP", "name": "山田 花子"}}}  # fmt: skip
    assert (await send(web, "/v1/identify", said, key)).status_code == 200
    person = await Person.get(email="hanako@example.jp")
    assert (person.family_name, person.given_name, person.traits) == ("山田", "花子", {"plan": "pro"})
    await send(web, "/v1/track", {"anonymousId": "a1", "event": "made"}, key)
    assert await events() == [("page", person.id, "a1"), ("page", person.id, "a1"), ("made", person.id, "a1")]
    assert [row[0] for row in await rows("SELECT dwell_ms FROM event ORDER BY id")] == [30_000, 30_000, None]
    metrics = {row[0]: row[1] for row in await rows("SELECT metric, total FROM person_metric")}
    assert metrics == {"page": 2, "made": 1, "@@days": 1}
    # The same message again, alone and in a batch, counts once.
    again = {"batch": [page | {"type": "page"}, page | {"type": "page"}]}
    assert (await send(web, "/v1/batch", again, key)).status_code == 200
    assert len(await events()) == 3


async def test_a_company_is_found_by_its_own_id_and_people_join_it(web: Any, house: Any) -> None:
    key, account = await a_key(source="crm"), await an_account("水面フーズ")
    known = await a_person(email="taro@example.jp")
    await AccountSource.create(account_id=account.id, source="crm", source_id="c1", seen_at=now())
    await PersonSource.create(person_id=known.id, source="crm", source_id="u1", seen_at=now())
    calls = [{"type": "group", "userId": "u1", "groupId": "c1", "traits": {"name": "other", "employees": 12}},
             {"type": "group", "userId": "u2", "groupId": "c2", "traits": {"name": "株式会社新顔"}},
             {"type": "identify", "userId": "u3", "traits": {"email": "TARO@example.jp"}},
             {"type": "track", "userId": "u1", "event": "a"}, {"type": "track", "userId": "u3", "event": "b"},
             {"type": "track", "userId": "u2", "event": "c", "context": {"groupId": "c1"}}]  # fmt: skip
    assert (await send(web, "/v1/batch", {"batch": calls}, key)).status_code == 200
    found = [tuple(row) for row in await rows("SELECT name, person_id, account_id FROM event ORDER BY name")]
    assert found[0] == ("a", known.id, account.id)
    assert found[1][:2] == ("b", known.id)
    assert found[2][2] == account.id
    await account.refresh_from_db()
    assert (account.name, account.employees) == ("水面フーズ", 12)
    assert [row[0] for row in await rows("SELECT name FROM account ORDER BY id")] == ["水面フーズ", "株式会社新顔"]


async def test_a_public_key_changes_nobody(web: Any, house: Any) -> None:
    server, page = await a_key(), await a_key(is_trusted=False)
    said = {"userId": "u1", "anonymousId": "x", "traits": {"email": "evil@example.jp", "name": "だれか"}}
    for call in ({"type": "identify"} | said, {"type": "track", "event": "a"} | said, {"type": "alias", "userId": "u1",
                  "previousId": "x"}, {"type": "group", "userId": "u1", "groupId": "g"}):  # fmt: skip
        assert (await send(web, f"/v1/{call['type']}", call, page)).status_code == 200
    assert await rows("SELECT 1 FROM person") == await rows("SELECT 1 FROM account") == []
    await send(web, "/v1/track", {"userId": "u2", "event": "b"}, page)
    await send(web, "/v1/identify", {"userId": "u2"}, server)
    person = (await Person.all())[0]
    assert await events() == [("a", None, "x"), ("b", person.id, "user:u2")]
    await send(web, "/v1/identify", {"userId": "u2", "traits": {"name": "だれか"}}, page)
    await person.refresh_from_db()
    assert person.full_name == ""


async def test_time_is_put_right_and_a_wrong_clock_stays_in_bounds(web: Any, house: Any) -> None:
    key, moment = await a_key(), now()
    ahead = moment + timedelta(days=400)
    calls = [{"event": "skewed", "originalTimestamp": (ahead - timedelta(hours=2)).isoformat()},
             {"event": "future", "timestamp": "9999-12-31T23:59:59Z"}, {"event": "old", "timestamp": "0001-01-01"},
             {"event": "odd", "timestamp": {"no": 1}}, {"event": "number", "timestamp": 1e300}]  # fmt: skip
    batch = {"batch": [{"type": "track", "userId": "u"} | call for call in calls], "sentAt": ahead.isoformat()}
    assert (await send(web, "/v1/batch", batch, key)).status_code == 200
    found = {row[0]: when(row[1]) for row in await rows("SELECT name, at FROM event")}
    assert abs(found.pop("skewed") - (moment - timedelta(hours=2))) < timedelta(seconds=30)  # type: ignore[operator]
    assert all(abs(at - moment) < timedelta(seconds=30) for at in found.values())  # type: ignore[operator]
    assert len(found) == 4


HOSTILE = ["' OR 1=1 --", "<script>alert(1)</script>", "\ud800 half", "a\0b", "𠮷野家🍣", "=1+1", "{{7*7}}", "%s%n",
           "\u202e", "../../etc/passwd", "\r\nx: y"]  # fmt: skip


async def test_hostile_words_are_stored_or_refused_in_words(web: Any, house: Any) -> None:
    key = await a_key()
    for n, word in enumerate(HOSTILE):
        for call in ("identify", "track", "group", "page", "alias", "screen"):
            body = {"userId": f"{word}{n}", "anonymousId": word, "event": word, "name": word, "groupId": word,
                    "previousId": word + "x", "messageId": f"{n}{call}", "properties": {word: [word, {"x": word}]},
                    "traits": {"email": word, "name": word, word: word, "company": {"id": word}}}  # fmt: skip
            response = await send(web, f"/v1/{call}", json.dumps(body).encode(), key)
            assert response.status_code == 200, (word, call, response.text)
    assert (await rows("SELECT COUNT(*) FROM event"))[0][0] == 3 * len(HOSTILE)
    for wrong in (b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b'{"batch": 3}', b'{"batch": [3, null, []]}',
                  b'{"type": "track"}', b'{"batch": [' + b"[" * 20_000, b'{"batch": [{"type": "x", "userId": 1}]}',
                  b'{"batch":[{"type":"track","userId":{"a":1},"event":"x"}]}'):  # fmt: skip
        response = await send(web, "/v1/batch", wrong, key)
        assert response.status_code == 400, wrong[:40]
        assert response.json()["message"]
    nan = b'{"batch": [{"type": "track", "userId": "u", "event": "nan", "properties": {"x": NaN, "y": 1e999}}]}'
    assert (await send(web, "/v1/batch", nan, key)).status_code == 200


async def test_what_is_too_large_is_named_and_the_rest_is_kept(web: Any, house: Any) -> None:
    key = await a_key()
    small = {"type": "track", "userId": "u", "event": "small"}
    large = small | {"event": "large", "properties": {"x": "あ" * 20_000}}
    response = await send(web, "/v1/track", large, key)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    response = await send(web, "/v1/batch", {"batch": [small, large, small | {"event": ""}]}, key)
    assert response.status_code == 400
    assert "2" in response.json()["message"]
    assert await events() == [("small", (await Person.all())[0].id, None)]
    bomb = gzip.compress(b'{"batch": [' + b" " * 5_000_000 + b"]}")
    assert (await send(web, "/v1/batch", bomb, key, **{"content-encoding": "gzip"})).status_code == 400
    assert (await send(web, "/v1/batch", b"x" * 600_000, key)).status_code == 400
    assert (await send(web, "/v1/batch", b"\x1f\x8bnonsense", key)).status_code == 400
    packed = gzip.compress(json.dumps({"batch": [small | {"event": "packed"}]}).encode())
    assert (await send(web, "/v1/batch", packed, key, **{"content-encoding": "gzip"})).status_code == 200


async def test_keys_are_made_shown_once_and_revoked(web: Any, house: Any, sign_in: Any) -> None:
    call = {"type": "track", "userId": "u", "event": "x"}
    for wrong in ("", "ek_wrongwrong", "x" * 300, "\ud800"):
        response = await web.post("/v1/batch", content=json.dumps({"batch": [call], "writeKey": wrong}).encode())
        assert response.status_code == 401
    await sign_in(await staff("admin"))
    made = await web.submit("/staff/settings/tracking", {"name": "Backend", "source": "app", "where": "server"})
    key = made.text.partition("ek_")[2].partition("<")[0]
    response = await web.post("/v1/batch", content=json.dumps({"batch": [call], "writeKey": f"ek_{key}"}).encode())
    assert response.status_code == 200
    page = (await web.get("/staff/settings/tracking")).text
    assert "Backend" in page
    assert key not in page
    stored = await rows("SELECT id, key_hash, accepted FROM write_key")
    assert key not in str(tuple(stored[0]))
    assert stored[0][2] == 1
    await web.submit(f"/staff/settings/tracking/{stored[0][0]}", {"_method": "DELETE"})
    assert (await send(web, "/v1/track", call, f"ek_{key}")).status_code == 401


async def test_overload_is_429_and_the_same_messages_from_many_sides_count_once(
    web: Any, house: Any, monkeypatch: Any
) -> None:
    from customers.tracking import intake

    key = await a_key()
    batch = {"batch": [{"type": "track", "userId": f"u{n % 9}", "event": f"e{n % 4}", "messageId": str(n)}
                       for n in range(60)]}  # fmt: skip
    monkeypatch.setattr(intake, "MOST", 200)
    answers = await asyncio.gather(*(send(web, "/v1/batch", batch, key) for _ in range(12)))
    assert {one.status_code for one in answers} == {200, 429}
    assert all(one.headers["retry-after"] == "2" for one in answers if one.status_code == 429)
    assert (await rows("SELECT COUNT(*) FROM event"))[0][0] == 60
    assert (await rows("SELECT COUNT(*) FROM person"))[0][0] == 9
    total = await rows("SELECT SUM(total) FROM person_metric WHERE metric NOT LIKE '@@%'")
    assert int(total[0][0]) == 60


async def test_a_batch_of_nothing_is_refused_before_each_call_is_told_why(web: Any, house: Any) -> None:
    body = b'{"batch":[' + b",".join([b"{}"] * 160_000) + b"]}"
    began = time.process_time()
    refused = await send(web, "/v1/batch", body, await a_key(is_trusted=False))
    assert refused.status_code == 400
    assert "10,000" in refused.text or "10000" in refused.text
    assert time.process_time() - began < 0.2, "the event loop was held"
