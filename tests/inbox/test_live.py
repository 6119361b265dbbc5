"""Open pages are told what is new, by server-sent events over real sockets, also of what another process wrote."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from types import SimpleNamespace

import httpx
import pytest

from access.sessions import close_all_sessions, cookie_name, open_session
from browser import served
from core import streams
from core.clock import now
from core.database import write
from core.streams import hall
from factories import a_person, an_account, staff
from faults.processes import Process, environment_of
from inbox import live
from inbox.actions.receiving import Heard, key_of_person, receive
from inbox.models import Conversation
from journeys.installation import answers, free_port


class Page:
    """An open page: its events, each with the moment it came."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.events: asyncio.Queue[SimpleNamespace] = asyncio.Queue()
        self.has_ended = asyncio.Event()

    async def read(self) -> None:
        event = SimpleNamespace(name="", id="", data=None)
        with contextlib.suppress(httpx.HTTPError):
            async for line in self.response.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "data":
                    event.data = json.loads(value)
                elif name in ("event", "id"):
                    setattr(event, {"event": "name", "id": "id"}[name], value)
                elif not line and event.name:
                    event.at = time.time()
                    await self.events.put(event)
                    event = SimpleNamespace(name="", id="", data=None)
        self.has_ended.set()

    async def told(self, words: str, seconds: float = 5) -> SimpleNamespace:
        """The next event whose HTML holds `words`."""
        async with asyncio.timeout(seconds):
            while True:
                event = await self.events.get()
                if event.data and words in event.data.get("html", ""):
                    return event


@contextlib.asynccontextmanager
async def a_page(url: str, path: str, person, headers: dict | None = None):
    cookies = {cookie_name(): await open_session(person.id)}
    async with httpx.AsyncClient(base_url=url, cookies=cookies, timeout=30) as client:
        async with client.stream("GET", path, headers={"accept": "text/event-stream"} | (headers or {})) as response:
            assert response.status_code == 200, await response.aread()
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "private, no-store"
            page = Page(response)
            reading = asyncio.ensure_future(page.read())
            try:
                yield page
            finally:
                reading.cancel()
                await asyncio.wait([reading])


@pytest.fixture
async def address(web):
    async with served(web.application) as url:
        yield url
    async with asyncio.timeout(5):
        while hall.seats or live.watch.seats:
            await asyncio.sleep(0.02)
    assert (live.watch.task, dict(hall.taken)) == (None, {}), "who leaves gives the seat back"


async def writes(person, body, account=None):
    return await receive(Heard(
        channel="web", customer_key=key_of_person(person.id), body=body, at=now(), person_id=person.id,
        account_id=account.id if account else None, name=person.full_name,
    ))  # fmt: skip


async def test_a_message_at_another_process_is_seen_within_a_second(house, address, tmp_path):
    port = free_port()
    there = f"http://127.0.0.1:{port}"
    more = {"ENGAWA_PORT": port, "ENGAWA_URL": there}
    other = Process("serve", environment_of(house.settings, house.settings.database, **more), tmp_path)
    try:
        member, agent = await a_person("田辺", "りょう"), await staff("admin")
        first = await writes(member, "有給の残りが合いません")
        await answers(there)
        cookies = {cookie_name(): await open_session(member.id)}
        async with (
            httpx.AsyncClient(base_url=there, cookies=cookies, headers={"origin": there}) as browser,
            a_page(address, f"/staff/inbox/live?view=open&current={first.conversation_id}", agent) as desk,
            a_page(address, "/contact/live", member) as own,
            a_page(there, "/contact/live", member) as own_there,
        ):
            await desk.told("有給の残り")
            waits: list[float] = []
            token = re.search(r'name="_csrf_token" value="([^"]+)"', (await browser.get("/contact")).text).group(1)
            for number in range(3):
                form = {"_csrf_token": token, "body": f"続き{number}です", "key": f"k{number}"}
                sent = await browser.post("/contact/messages", data=form)
                committed = time.time()
                assert sent.status_code == 303
                waits += [(await page.told(f"続き{number}です")).at - committed for page in (desk, own, own_there)]
            assert sorted(waits)[len(waits) // 2] <= 1.0, waits
            assert max(waits) <= 3.0, "also on a busy machine"
            assert await other.stop(within=6) == 0, "an open stream does not hold a stopping process"
            await asyncio.wait_for(own_there.has_ended.wait(), 3)
    finally:
        if other.popen.poll() is None:
            other.kill()


async def test_a_page_that_comes_back_gets_what_it_missed_and_nothing_twice(house, address):
    member, agent = await a_person("田辺", "りょう"), await staff("admin")
    first = await writes(member, "一つ目")
    path = f"/staff/inbox/live?view=open&current={first.conversation_id}"
    async with a_page(address, path, agent) as desk:
        await desk.told("一つ目")
        last = (await desk.told('class="rows')).id
    async with a_page(address, path, agent, {"last-event-id": last}) as desk:
        await asyncio.sleep(0.6)
        assert desk.events.empty(), "nothing is new"
        # Committed late, with an older stamp than what was seen: it is told all the same.
        await writes(member, "二つ目")
        await desk.told("二つ目")
        await write("UPDATE conversation SET version = version + 1, preview = '遅れて', changed_at = ?",
                    now() - live.WINDOW / 2)  # fmt: skip
        last = (await desk.told("遅れて")).id
    await writes(member, "三つ目")
    async with a_page(address, path, agent, {"last-event-id": last}) as desk:
        talk = await desk.told("三つ目", 1)
        assert talk.data["name"] == "talk"
    async with a_page(address, path + "&known=%0Aevent: x", agent, {}) as desk:
        assert (await desk.told("三つ目", 1)).id.endswith("-")


async def test_rights_are_asked_again_with_every_push(house, address):
    csm, other = await staff("csm"), await staff("csm", "別", "人")
    mine, theirs = await an_account(csm_id=csm.id), await an_account("彼らの会社", csm_id=other.id)
    member, foreign = await a_person(account=mine), await a_person("遠い", "人", account=theirs)
    ours, not_ours = await writes(member, "こちらの話", mine), await writes(foreign, "よその秘密", theirs)
    async with (
        a_page(address, f"/staff/inbox/live?view=open&current={ours.conversation_id}", csm) as own,
        a_page(address, f"/staff/inbox/live?view=open&current={not_ours.conversation_id}", csm) as nosy,
        a_page(address, "/contact/live", foreign) as theirs_open,
    ):
        await own.told("こちらの話")
        await writes(foreign, "もう一つの秘密", theirs)
        await theirs_open.told("もう一つの秘密")
        assert "秘密" not in "".join([e.data["html"] for e in await drained(nosy)])
        mine.csm_id = other.id
        await mine.save(update_fields=["csm_id"])
        await writes(member, "渡したあとの話", mine)
        await asyncio.sleep(0.8)
        assert "渡したあとの話" not in "".join([e.data["html"] for e in await drained(own)]), "not theirs any more"
        await close_all_sessions(csm.id)
        mine.csm_id = csm.id
        await mine.save(update_fields=["csm_id"])
        await writes(member, "サインアウト後の話", mine)
        await asyncio.wait_for(own.has_ended.wait(), 2)
        said = await drained(own)
        assert [event.name for event in said] == ["gone"]
        assert "サインアウト後" not in str(said)


async def drained(page) -> list[SimpleNamespace]:
    await asyncio.sleep(0.7)
    return [page.events.get_nowait() for _ in range(page.events.qsize())]


async def test_nobody_holds_more_than_a_few_and_the_silent_ones_are_kept_alive(house, address, monkeypatch):
    monkeypatch.setattr(streams, "SEATS", 2)
    monkeypatch.setattr(streams, "HEARTBEAT", 0.3)
    agent = await staff("admin")
    async with a_page(address, "/staff/inbox/live", agent), a_page(address, "/staff/inbox/live", agent) as second:
        cookies = {cookie_name(): await open_session(agent.id)}
        async with httpx.AsyncClient(base_url=address, cookies=cookies) as third:
            refused = await third.get("/staff/inbox/live", headers={"accept": "text/event-stream"})
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
            assert (await third.get("/staff/inbox")).status_code == 200
        # With every heartbeat the list is compared too: a deadline passes without anybody writing.
        await writes(await a_person(), "そのうち遅れる")
        await write("UPDATE conversation SET state = 'waiting', changed_at = NULL, sla_due_at = ?", now())
        assert "遅れ" in (await second.told("遅れ")).data["html"]
    assert await Conversation.all().count() == 1


async def test_strangers_leave_seats_for_those_who_sign_in(monkeypatch):
    monkeypatch.setattr(streams, "SEATS_OF_STRANGERS", 2)
    here = streams.Hall()
    with here.seated(streams.Seat(-1)), here.seated(streams.Seat(-2)):
        assert (here.is_full(-3), here.is_full(3)) == (True, False)
