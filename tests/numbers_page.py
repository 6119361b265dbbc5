"""Reading a page of numbers as a person does: what stands beside a name, and how many rows it opens to."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

FIGURE = re.compile(r'/staff/insights/[a-z]+/rows/([a-z_]+)\?[^"]*">(?:[^<]*)</a>.*?<dd class="sum">([^<]*)', re.S)


async def shown(web: Any, section: str, period: str = "days=28") -> dict[str, str]:
    """Name → what stands there; of several with one name (the median, the 90th percentile), joined by a slash."""
    answer = await web.get(f"/staff/insights/{section}?{period}")
    assert answer.status_code == 200, answer.status_code
    found: dict[str, str] = {}
    for name, value in FIGURE.findall(answer.text):
        value = html.unescape(value).strip()
        found[name] = f"{found[name]}/{value}" if name in found else value
    return found


async def opened(web: Any, section: str, name: str, period: str = "days=28") -> list[dict[str, str]]:
    """The rows behind a number, as its CSV gives them."""
    return await _csv(web, f"/staff/insights/{section}/rows/{name}?{period}&format=csv")


async def tabled(web: Any, section: str, name: str, period: str = "days=28") -> list[dict[str, str]]:
    return await _csv(web, f"/staff/insights/{section}?{period}&format={name}.csv")


async def _csv(web: Any, path: str) -> list[dict[str, str]]:
    answer = await web.get(path)
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["content-type"].startswith("text/csv"), answer.headers["content-type"] + answer.text[:300]
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def per_cent(part: int, whole: int) -> str:
    return str(round(100 * part / whole)) if whole else "–"
