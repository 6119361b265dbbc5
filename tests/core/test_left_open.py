"""What stands around a page is rendered once for many, and everybody reads their own name, token and way back."""

from __future__ import annotations

import re

import pytest

from core import left_open
from core.database import write
from factories import a_person

TOKEN = re.compile(r'name="_csrf_token" value="([^"]*)"')
NEXT = re.compile(r'name="next" value="([^"]*)"')


@pytest.fixture
async def two(web, sign_in):
    """Two members whose browsers ask one after the other."""
    one, other = web, web.another()
    await sign_in(await a_person(email="hina@a.example", family_name="雛", given_name="一"), one)
    await sign_in(await a_person(email="other@a.example", family_name="他", given_name="<b>二"), other)
    return one, other


async def test_everybody_reads_their_own_name_token_and_way_back(two):
    one, other = two
    pages = [(await browser.get(path)).text for browser in (one, other) for path in ("/", "/help")]
    assert ["雛" in page for page in pages] == [True, True, False, False]
    assert "&lt;b&gt;二" in pages[2] and "<b>二" not in pages[2]
    assert [set(NEXT.findall(page)) for page in pages] == [{"/"}, {"/help"}, {"/"}, {"/help"}]
    tokens = [set(TOKEN.findall(page)) for page in pages]
    assert all(len(found) == 1 for found in tokens)
    assert tokens[0] == tokens[1] != tokens[2] == tokens[3]
    assert not any(mark in page for page in pages for mark in (left_open.NONCE, left_open.TOKEN, left_open.PATH))


async def test_a_way_back_cannot_write_into_the_page(web):
    page = (await web.get('/help/"><script>alert(1)</script>')).text
    assert "<script>alert" not in page
    assert "/help/&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in NEXT.findall(page)


async def test_what_is_around_changes_with_language_colours_and_number(two):
    one, _ = two
    before = (await one.get("/")).text
    assert "設定" in before or "サインアウト" in before
    await one.submit("/language", {"language": "en"})
    await one.submit("/theme", {"theme": "dark"})
    after = (await one.get("/")).text
    assert "Sign out" in after and "サインアウト" not in after
    assert re.search(r'value="dark" aria-pressed="true"', after)
    assert re.search(r'value="dark" aria-pressed="false"', before)


async def test_a_name_that_changed_is_the_new_one_at_once(two):
    one, _ = two
    assert "雛" in (await one.get("/")).text
    await write("UPDATE person SET family_name = '鳩' WHERE email = 'hina@a.example'")
    page = (await one.get("/")).text
    assert "鳩" in page and "雛" not in page
