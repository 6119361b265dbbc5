"""A reply that is hidden is found no more from that moment on: not by its words, not in a snippet, not while typing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from community import actions
from community_house import as_person
from core.database import rows
from factories import a_person

WORD = "瑠璃色のボタン"


async def found(browser: Any, words: str) -> bool:
    """Whether the one thread is offered to whoever begins to ask, in the search of the community."""
    page = await browser.get("/community/similar", params={"title": words})
    assert page.status_code == 200
    return "月末の締めができない" in re.sub(r"<[^>]+>", "", page.text)


async def answered(asker: Any, helper: Any, run_jobs: Any, accepted: bool) -> tuple[Any, int]:
    """A thread with a reply that holds a word of its own; both are in the index."""
    who = await as_person(asker)
    thread = await actions.publish(who, (await rows("SELECT id FROM board"))[0][0], "月末の締めができない",
                                   "給与の計算に進めません。手順を教えてください。")  # fmt: skip
    reply = await actions.reply(await as_person(helper), thread.id, f"設定の{WORD}を押すと進めます。")
    if accepted:
        await actions.accept(who, reply.id)
    await run_jobs()
    return thread, reply.id


@pytest.mark.parametrize("accepted", [False, True], ids=["a reply", "the answer"])
async def test_a_hidden_reply_is_found_no_more_before_any_job_ran(
    web, board, asker, helper, csm, sign_in, run_jobs, accepted
):
    thread, reply = await answered(asker, helper, run_jobs, accepted)
    guest, reader = web.another(), await sign_in(await a_person(), web.another())
    assert await found(guest, WORD) and await found(reader, WORD)

    moderator = await sign_in(csm, web.another())
    hidden = await moderator.submit(f"/community/posts/{reply}/hiding", {"reason": "spam", "note": ""})
    assert hidden.status_code == 303
    for browser in (guest, reader, await sign_in(asker, web.another())):
        assert not await found(browser, WORD)

    await run_jobs()
    assert not await found(guest, WORD)
    assert await found(guest, "月末の締め"), "the thread itself is back"

    shown = await moderator.submit(f"/community/posts/{reply}/hiding", {"_method": "DELETE"})
    assert shown.status_code == 303
    await run_jobs()
    assert await found(guest, WORD)


@pytest.mark.parametrize("by", ["its author", "staff"])
async def test_a_deleted_reply_is_found_no_more(web, board, asker, helper, csm, sign_in, run_jobs, by):
    _thread, reply = await answered(asker, helper, run_jobs, False)
    browser = await sign_in(helper if by == "its author" else csm, web.another())
    assert (await browser.submit(f"/community/posts/{reply}", {"_method": "DELETE"})).status_code == 303
    assert not await found(web, WORD)


async def test_a_reply_that_reports_hold_is_found_no_more(web, board, asker, helper, sign_in, run_jobs):
    _thread, reply = await answered(asker, helper, run_jobs, False)
    for _n in range(3):
        browser = await sign_in(await a_person(), web.another())
        told = await browser.submit(f"/community/posts/{reply}/flag", {"reason": "personal_data", "note": ""})
        assert told.status_code == 303
    assert (await rows("SELECT state FROM post WHERE id = ?", reply))[0][0] == "held"
    assert not await found(web, WORD)
