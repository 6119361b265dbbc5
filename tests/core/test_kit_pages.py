"""Pages: layouts, flash, CSRF, navigation, static files; every sentence of core is in Japanese too."""

# ruff: noqa: E501
from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from babel.messages.extract import extract_from_dir

from core import i18n
from core.context import Here, enter
from core.pages import render, safe_path, url
from kit_gallery import app

PAGES = ["parts", "form", "staff", "inbox", "list", "gate", "empty"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with app.lifespan(), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["ja", "en"])
async def test_pages_keep_the_rules(browser: httpx.AsyncClient, path: str, language: str) -> None:
    response = await browser.get(f"/{path}?as=staff&lang={language}")
    assert response.status_code == 200
    text = response.text
    assert f'<html lang="{language}"' in text
    assert len(re.findall("<h1[ >]", text)) == 1
    assert " style=" not in text
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=", text)
    assert "private" in response.headers["cache-control"]
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


async def test_a_flash_survives_a_redirect_and_is_said_once(browser: httpx.AsyncClient) -> None:
    form = await browser.get("/form?lang=en")
    token = re.search(r'name="_csrf_token" value="([^"]+)"', form.text)
    assert token
    sent = await browser.post("/undo?lang=en", data={"_csrf_token": token.group(1)})
    assert sent.status_code == 303
    assert "Not sent" in (await browser.get("/parts?lang=en")).text
    assert "Not sent" not in (await browser.get("/parts?lang=en")).text


async def test_a_forged_flash_is_not_said(browser: httpx.AsyncClient) -> None:
    browser.cookies.set("flash", "W10.forged")
    assert (await browser.get("/parts")).status_code == 200


async def test_a_form_without_its_token_is_refused(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/form", data={"title": "x"})).status_code == 403


async def test_mistakes_stand_beside_their_fields(browser: httpx.AsyncClient) -> None:
    form = await browser.get("/form?lang=en")
    token = re.search(r'name="_csrf_token" value="([^"]+)"', form.text)
    assert token
    sent = await browser.post("/form?lang=en", data={"_csrf_token": token.group(1), "title": "<b>", "password": "se"})
    assert sent.status_code == 422
    assert 'aria-describedby="f-title-hint f-title-error" aria-invalid="true"' in sent.text
    assert "&lt;b&gt;" in sent.text
    assert 'value="se"' not in sent.text
    assert 'role="alert"' in sent.text


async def test_static_files_have_their_hash_and_one_style_sheet(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/parts")).text
    address = re.search(r'rel="stylesheet" href="([^"]+)"', page)
    assert address
    found = await browser.get(address.group(1))
    assert "immutable" in found.headers["cache-control"]
    assert "@import" not in found.text
    assert ".bubble" in found.text
    for hidden in ["/static/x/core/../pages.py", "/static/x/core/%2e%2e/pages.py"]:
        assert (await browser.get(hidden)).status_code in {404, 500}


async def test_the_navigation_shows_what_one_may_see(browser: httpx.AsyncClient) -> None:
    staff = (await browser.get("/staff?as=staff&lang=en")).text
    assert 'href="/staff" aria-current="page"' in staff
    assert '<span class="count hot">7</span>' in staff
    nobody = (await browser.get("/parts?as=nobody&lang=en")).text
    assert "/sign-in?next=" in nobody
    assert "/inbox" not in nobody


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("/a?b=1", "/a?b=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil", "/"),
        (None, "/"),
        ("/a\r\nb", "/"),
    ],
)
def test_next_leads_nowhere_else(target: str | None, wanted: str) -> None:
    assert safe_path(target) == wanted


def test_urls_leave_out_what_is_empty() -> None:
    assert url("/find", q="a b", page=None, tag=["x", "y"]) == "/find?q=a+b&tag=x&tag=y"


def test_a_page_without_a_request_renders() -> None:
    enter(Here(language="en"))
    assert "<h1>Gone</h1>" in render("core/error.html", status=410, title="Gone", sentence="", request_id="")


def test_every_sentence_of_core_has_its_japanese() -> None:
    enter(Here(language="ja"))
    catalogue = i18n.translations("ja")
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    words = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy": None}
    found = extract_from_dir(str(i18n.ROOMS / "core"), method_map=methods, keywords=words)
    for file, line, message, _comments, _context in found:
        if isinstance(message, tuple):
            assert catalogue.ngettext(*message, 2) not in message, (file, line, message)
        else:
            assert catalogue.gettext(message) != message, (file, line, message)


def test_templates_and_styles_are_short_files() -> None:
    for path in Path(i18n.ROOMS / "core").rglob("*"):
        if path.suffix in {".css", ".js", ".html", ".py"}:
            assert len(path.read_text().splitlines()) < 400, path
