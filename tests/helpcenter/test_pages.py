"""Readers' and staff pages, from the browser to the database and back."""

from __future__ import annotations

from typing import Any

import pytest

STAFF = ["/staff/articles", "/staff/articles/new", "/staff/articles/gaps", "/staff/articles/feedback",
         "/staff/articles/searches", "/staff/articles/categories", "/staff/articles/imports",
         "/staff/articles/gaps/topics", "/staff/articles/suggestions", "/staff/articles/tuning",
         "/staff/articles/trial?q=有給", "/staff/articles/confidence"]  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/", "/help", "/help/search", "/help/search?q=有給", "/help/suggest?q=有", "/sitemap.xml", "/robots.txt"]
)
async def test_an_empty_house_answers_everywhere(browse: Any, path: str) -> None:
    assert (await browse().get(path)).status_code == 200


@pytest.mark.parametrize("path", STAFF)
async def test_staff_pages_open_empty_and_with_an_article(browse: Any, an_article: Any, path: str) -> None:
    await an_article()
    assert (await browse("writer").get(path)).status_code == 200
    assert (await browse().get(path)).status_code == 303
