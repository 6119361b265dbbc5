"""Makes the pictures of the documentation from a running demo:

    PYTHONPATH=platform:tests .venv/bin/python tests/screens.py [http://127.0.0.1:8000] [FOLDER]

Each picture says where it is made, as whom, and how wide; the page is found as a reader finds it, by its link.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page

from browser import open_browser, open_page

SHOTS = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
PASSWORD = "engawa-no-hidamari"
PEOPLE = {"customer": "satsuki.miwa@aobawatari.example", "staff": "hiyori.shiraishi@tsukimi.example"}


@dataclass(frozen=True)
class Picture:
    """`click` is the selector of a link to follow from `path`; `who` is a key of PEOPLE or nobody."""

    name: str
    path: str
    who: str = ""
    click: str = ""
    width: int = 1280
    height: int = 900
    language: str = "ja"
    dark: bool = False


THREAD = "main a[href^='/community/']:has-text('締め日を15日')"
CAMPAIGN = "main table a[href^='/staff/campaigns/']:not([href*='?'])"
PICTURES = [
    Picture("home", "/"),
    Picture("home-390", "/", width=390, height=844),
    Picture("thread", "/community", "customer", THREAD),
    Picture("thread-390", "/community", "customer", THREAD, width=390, height=844),
    Picture("staff-home", "/staff", "staff"),
    Picture("inbox", "/staff/inbox", "staff", "main a[href^='/staff/inbox/']:has-text('三輪')"),
    Picture("campaign", "/staff/campaigns", "staff", CAMPAIGN),
    Picture("guide", "/staff/guides", "staff", "main table a:has-text('締めの手順')"),
]


async def sign_in(page: Page, url: str, who: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.fill("[name=email]", PEOPLE[who])
    await page.fill("[name=password]", PASSWORD)
    await page.click("main form[action='/sign-in'] button.primary")
    await page.wait_for_url(lambda address: "/sign-in" not in address)


async def take(browser: Browser, url: str, picture: Picture, folder: Path) -> Path:
    size = {"width": picture.width, "height": picture.height}
    async with open_page(browser, **size, dark=picture.dark, language=picture.language) as page:
        if picture.who:
            await sign_in(page, url, picture.who)
        await page.goto(url + picture.path)
        if picture.click and (found := page.locator(picture.click).first):
            await page.goto(url + str(await found.get_attribute("href")))
        await page.wait_for_load_state("networkidle")  # the preview in its frame too
        path = folder / f"{picture.name}.png"
        await page.screenshot(path=path)
    shrink(path)
    return path


def shrink(path: Path) -> None:
    """128 colours are enough for paper and ink; the file is a third."""
    with Image.open(path) as image:
        image.convert("RGB").quantize(128, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            path, optimize=True
        )


async def main(url: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    async with open_browser() as browser:
        for picture in PICTURES:
            path = await take(browser, url, picture, folder)
            print(f"{path.name}  {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    asyncio.run(main(*(sys.argv[1:2] or ["http://127.0.0.1:8000"]), Path(sys.argv[2]) if sys.argv[2:] else SHOTS))
