"""Outgoing webhooks over real sockets: signed, repeated with one id, given up, sent again, never into our network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import timedelta
from ipaddress import ip_address

import pytest

from channels import fetching, webhooks
from channels.webhook_models import WebhookDelivery, WebhookTarget
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.errors import Refused
from core.principal import SYSTEM
from customers import upserts
from factories import a_person, staff
from fakes.receiver import Receiver

HOME = "/staff/settings/webhooks"


def is_signed(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    """As the Standard Webhooks specification says a receiver judges."""
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in headers["webhook-signature"].split(" ")


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def due_now() -> None:
    await write("UPDATE webhook_delivery SET next_at = ? WHERE state = 'waiting'", now() - timedelta(seconds=1))
    await write("UPDATE promise SET due_at = ? WHERE state = 'waiting'", now() - timedelta(seconds=1))


async def test_a_fact_reaches_the_other_system_signed_and_once(web, sign_in, run_jobs):
    await sign_in(await staff("admin"))
    await run_jobs()
    async with Receiver() as other:
        made = await web.submit(HOME, {"name": "CRM", "url": other.url, "kinds": ["person.added"]})
        secret = re.search(r'<code id="secret" class="wrap">([^<]+)<', made.text).group(1)
        assert secret not in (await web.get(HOME)).text
        assert secret not in str([dict(row) for row in await rows("SELECT * FROM webhook_target")])
        hana = await a_person()
        await run_jobs()
        assert len(other.received) == 1
        body, headers = other.received[0][0], lower(other.received[0][1])
        assert is_signed(secret, body, headers)
        assert not is_signed(webhooks.new_secret(), body, headers)
        assert abs(int(headers["webhook-timestamp"]) - now().timestamp()) < 60
        said = json.loads(body)
        assert (said["type"], said["data"]) == ("person.added", {"person_id": hana.id, "source": "form"})
        assert await webhooks.tell("person.added", {}, key=f"person.added:{hana.id}") == 0, "a job that runs twice"
        await run_jobs()
        assert len(other.received) == 1
    [row] = await WebhookDelivery.all()
    assert (row.state, row.tries, row.status) == ("sent", 1, 200)


async def test_people_of_an_import_are_told_together_and_not_as_newcomers(web, sign_in, run_jobs):
    await run_jobs()
    async with Receiver() as other:
        await webhooks.subscribe("CRM", other.url, ["person.added", "people.added"], by=SYSTEM)
        enter(Here(principal=SYSTEM))
        brought = [{"source_id": f"P-{n}", "email": f"p{n}@example.jp"} for n in range(700)]
        await upserts.upsert_many("people", "crm", brought)
        await upserts.upsert_many("people", "crm", brought)
        await run_jobs()
        told = [json.loads(one[0]) for one in other.received]
        assert sorted((one["type"], len(one["data"]["person_ids"])) for one in told) == [
            ("people.added", 200),
            ("people.added", 500),
        ]
        assert {one["data"]["source"] for one in told} == {"crm"}
        ids = [id for one in told for id in one["data"]["person_ids"]]
        assert sorted(ids) == [row[0] for row in await rows("SELECT id FROM person WHERE email LIKE 'p%' ORDER BY id")]


async def test_what_is_not_taken_is_tried_again_with_the_same_id_until_it_is_given_up(web, sign_in, run_jobs):
    await sign_in(await staff("admin"))
    async with Receiver() as other:
        other.status = 503
        target, secret = await webhooks.subscribe("CRM", other.url, ["thread.created"], by=SYSTEM)
        await webhooks.tell("thread.created", {"thread_id": 7}, key="thread.created:7")
        for n in range(len(webhooks.WAITS) + 1):
            await run_jobs()
            assert len(other.received) == n + 1
            [row] = await WebhookDelivery.all()
            if row.state == "waiting":
                left = (row.next_at - now()).total_seconds()
                assert abs(left - webhooks.WAITS[n].total_seconds()) < 60
            await due_now()
        assert (row.state, row.tries, row.status) == ("dead", len(webhooks.WAITS) + 1, 503)
        await run_jobs()
        assert len(other.received) == len(webhooks.WAITS) + 1
        assert len({lower(headers)["webhook-id"] for _body, headers in other.received}) == 1
        assert all(is_signed(secret, body, lower(headers)) for body, headers in other.received)
        other.status = 200
        for language, words in (("ja", "断念"), ("en", "Given up")):
            web.cookies.set("language", language)
            page = await web.get(f"{HOME}/{target.id}")
            assert page.status_code == 200
            assert words in page.text
        assert (await web.submit(f"{HOME}/{target.id}/replay")).status_code == 303
        await run_jobs()
        assert lower(other.received[-1][1])["webhook-id"] == row.event
    assert (await WebhookDelivery.get(id=row.id)).state == "sent"


async def test_a_receiver_that_is_away_costs_a_try_and_one_that_is_gone_ends_it(run_jobs, house):
    async with Receiver() as other:
        address = other.url
    target, _secret = await webhooks.subscribe("CRM", address, ["thread.created"], by=SYSTEM)
    await webhooks.tell("thread.created", {}, key="1")
    await run_jobs()
    [row] = await WebhookDelivery.all()
    assert (row.state, row.tries, row.status) == ("waiting", 1, None)
    assert "Connect" in row.problem
    async with Receiver() as other:
        other.status = 410
        await write("UPDATE webhook_target SET url = ?", other.url)
        await due_now()
        await run_jobs()
    assert (await WebhookDelivery.get(id=row.id)).state == "dead"
    assert (await WebhookTarget.get(id=target.id)).state == "paused"
    assert await webhooks.tell("thread.created", {}, key="2") == 0


async def test_for_a_day_both_secrets_sign(run_jobs, house):
    async with Receiver() as other:
        target, old = await webhooks.subscribe("CRM", other.url, ["thread.created"], by=SYSTEM)
        new = await webhooks.rotate(target.id, by=SYSTEM)
        await webhooks.test(target.id, by=SYSTEM)
        await run_jobs()
        body, headers = other.received[-1][0], lower(other.received[-1][1])
        assert is_signed(old, body, headers)
        assert is_signed(new, body, headers)
        await write("UPDATE webhook_target SET old_secret_until = ?", now() - timedelta(seconds=1))
        await webhooks.test(target.id, by=SYSTEM)
        await run_jobs()
        body, headers = other.received[-1][0], lower(other.received[-1][1])
        assert not is_signed(old, body, headers)
        assert is_signed(new, body, headers)


async def test_what_waits_while_it_is_paused_is_sent_when_it_is_taken_up(web, sign_in, run_jobs):
    await sign_in(await staff("admin"))
    async with Receiver() as other:
        target, _secret = await webhooks.subscribe("CRM", other.url, ["thread.created"], by=SYSTEM)
        await webhooks.tell("thread.created", {}, key="1")
        await web.submit(f"{HOME}/{target.id}/pause")
        await run_jobs()
        assert other.received == []
        await web.submit(f"{HOME}/{target.id}/pause", {"_method": "DELETE"})
        await run_jobs()
        assert len(other.received) == 1
        assert (await web.submit(f"{HOME}/{target.id}", {"_method": "DELETE"})).status_code == 303
        assert await webhooks.tell("thread.created", {}, key="2") == 0


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
    "64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::", "2002:7f00:1::1", "::7f00:1",
    "2001:0:a00:1::f5ff:fffe",
])  # fmt: skip
def test_addresses_of_a_network_of_ours_are_known_in_every_dress(address):
    assert not fetching.is_outside(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_addresses_outside_are_asked(address):
    assert fetching.is_outside(ip_address(address))


async def test_no_socket_is_opened_into_our_network_whatever_the_name_says(house, run_jobs, monkeypatch):
    """A name that was fine when it was typed leads home later (rebinding): refused at the moment of connecting."""
    import asyncio

    from core.settings import read_settings, settings, use

    before = settings()
    use(read_settings({}, secret_key=before.secret_key, url="https://help.example.com", data_dir=before.data_dir,
                      database_url=before.database_url))  # fmt: skip
    try:
        for typed in ("https://127.0.0.1/x", "https://[::1]/x", "http://example.com/x", "https://localhost/x",
                      "https://u:p@example.com/", "ftp://example.com/", "https://help.example.com/x", "https://10.1.1.1/",
                      "https://[::ffff:10.0.0.1]/x", "https://", "https://[::1"):  # fmt: skip
            with pytest.raises(Refused):
                fetching.checked_address(typed)
        async with Receiver() as other:
            port = int(other.url.rsplit(":", 1)[1].split("/")[0])

            async def home(host, port, **_more):
                return [(2, 1, 6, "", ("8.8.8.8", port)), (2, 1, 6, "", ("127.0.0.1", port))]

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", home)
            target, _secret = await webhooks.subscribe("CRM", f"https://rebind.example:{port}/hook",
                                                       ["thread.created"], by=SYSTEM)  # fmt: skip
            with pytest.raises(OSError, match="network of ours"):
                await fetching.post(target.url, b"", {})
            assert other.received == []
            await webhooks.tell("thread.created", {}, key="1")
            [row] = await WebhookDelivery.all()
            await webhooks.send(delivery_id=row.id)
            row = await WebhookDelivery.get(id=row.id)
            assert "network of ours" in row.problem
            assert other.received == []
    finally:
        use(before)


async def test_only_administrators_see_and_make_them(web, sign_in):
    await sign_in(await staff("manager"))
    assert (await web.get(HOME)).status_code == 403
    await sign_in(await staff("admin"))
    for url, kinds in (("https://10.0.0.1/", ["thread.created"]), ("not an address", ["thread.created"]),
                       ("https://example.com/x", ["everything"]), ("https://example.com/x", [])):  # fmt: skip
        assert (await web.submit(HOME, {"name": "x", "url": url, "kinds": kinds})).status_code == 422, url
    assert await WebhookTarget.all().count() == 0
