"""What each kind of guide does to the page that embeds us, in a real browser: shifts and long tasks.

The page forbids everything but the script (tests/guides_host_page.py). `ours` is the longest that our own script ran
within a frame of more than 50 ms, by the browser's account of such frames (Long Animation Frames, Chromium 123).
"""

from __future__ import annotations

from typing import Any

import msgspec

from customers import rules
from guides.models import KINDS
from guides_parts import everybody, live

BOX = "engawa-guides .box:not(.help)"
STEPS: dict[str, list[dict[str, Any]]] = {
    "banner": [{"text": "12月は25日に締めます。", "link": "/calendar", "button": "暦を見る"}],
    "modal": [{"text": "一覧が速くなりました。" * 8}],
    "tooltip": [{"title": "未承認を確かめる", "selectors": ["[data-tour=pending]"]},
                {"title": "締める", "selectors": ["text=close"]}],
    "checklist": [{"text": "5分で終わります。"}, {"title": "従業員を招く"}, {"title": "月を締める", "event": "done"}],
    "survey": [{"text": "0から10で。"}],
}  # fmt: skip


class Footprint(msgspec.Struct, frozen=True):
    """`shift` is the page's CLS, the worst of all loads; the tasks (ms) the best, since others share the machine."""

    shift: float
    longest: float
    ours: float


async def write_every_kind() -> None:
    """One guide of each kind, at an address of its own."""
    await rules.set_rule("attention", rules.AttentionRule(per_day=50, per_week=50, per_month=50))
    everyone = await everybody()
    for kind in KINDS:
        await live(kind, f"見本 {kind}", urls=[f"/{kind}"], steps=STEPS[kind], segment_id=everyone,
                   frequency="until_closed")  # fmt: skip


async def footprint(browser: Any, site: str, kind: str, rounds: int = 3) -> Footprint:
    """Load, see it appear, use it."""
    shifts, longest, ours = [], [], []
    for _ in range(rounds):
        context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="ja")
        page = await context.new_page()
        await page.goto(f"{site}/{kind}")
        if kind == "tooltip":
            await page.evaluate("document.getElementById('late').click()")  # no input of a person: shifts count
        await page.wait_for_selector(f"{BOX}.{kind}")
        await page.evaluate("document.querySelector('engawa-guides').shadowRoot.querySelector('input, .main')?.click()")
        await page.wait_for_timeout(300)
        seen = await page.evaluate("seen")
        assert seen["broken"] == [], seen["broken"]
        shifts.append(seen["shift"])
        longest.append(seen["longest"])
        ours.append(seen["ours"])
        await context.close()
    return Footprint(round(max(shifts), 4), round(min(longest), 1), round(min(ours), 1))
