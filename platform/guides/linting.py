"""What a careful colleague would say before a guide is tried: what is missing, and what will break."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from core.errors import Refused
from core.i18n import LANGUAGES, _
from guides.contents import is_stale
from guides.models import Guide

# Of tours of 3 steps 72 % are finished, of 7 steps 16 % (facts/guides.md).
MANY_STEPS = 5
LONG_TEXT = 200
_stable = re.compile(r"\[data-[\w-]+|#[\w-]+|\[(href|name|aria-label|id|role)|^text=")
# css-1x2y3z, sc-bdVaJa, _button_1a2b3, Button_root__x7Yz1: what a build makes anew each time.
_hashed = re.compile(
    r"\.(css-[a-z0-9]{5,}|sc-[A-Za-z0-9]{4,}|_\w+_[a-z0-9]{4,}\w*|\w+__[A-Za-z0-9_-]{5,}"
    r"|[a-z]{1,3}[0-9][a-z0-9]{4,})"
)


class Remark(msgspec.Struct, frozen=True):
    """`tone` bad keeps the guide from being tried; warn does not. `step` counts from 1."""

    tone: str
    text: str
    step: int = 0


def remarks(guide: Guide) -> list[Remark]:
    return [*_missing(guide), *_fragile(guide), *_long(guide), *_languages(guide)]


def ensure_complete(guide: Guide) -> None:
    """Raises Refused with the first thing that is wrong."""
    for one in remarks(guide):
        if one.tone == "bad":
            raise Refused(_("Step %(n)s: %(what)s", n=one.step, what=one.text) if one.step else one.text)


def _own(guide: Guide, step: dict[str, Any]) -> dict[str, str]:
    return dict(guide.texts.get(guide.locale, {}).get(str(step["id"]), {}))


def _missing(guide: Guide) -> Iterator[Remark]:
    for n, step in enumerate(guide.steps, 1):
        if not _own(guide, step).get("title"):
            yield Remark("bad", _("It has no title."), n)
        if step.get("picture") and not _own(guide, step).get("alt"):
            yield Remark("warn", _("Nobody has written what can be seen on its picture."), n)
        if guide.kind == "tooltip" and not step.get("selectors"):
            yield Remark("bad", _("It points nowhere."), n)
    if guide.segment_id is None:
        yield Remark("warn", _("No segment is chosen yet. A trial goes without, going live does not."))


def _fragile(guide: Guide) -> Iterator[Remark]:
    if guide.kind != "tooltip":
        return
    for n, step in enumerate(guide.steps, 1):
        for selector in step.get("selectors") or []:
            if why := fragile(selector):
                yield Remark("warn", _("%(selector)s: %(why)s", selector=selector, why=why), n)
        if step.get("selectors") and not any("[data-" in one for one in step["selectors"]):
            yield Remark("warn", _("Ask the developers for a data-tour attribute: it outlives changes."), n)


def fragile(selector: str) -> str:
    """Why a selector will break before long, or an empty string."""
    if _hashed.search(selector):
        return _("this class is made by a build and changes with the next one")
    if ":nth-" in selector:
        return _("a position changes as soon as something is added")
    if selector.count(">") >= 3 or len(selector.split()) >= 5:
        return _("it follows many layers of the page")
    if not _stable.search(selector) and not re.search(r"\.[a-zA-Z]", selector):
        return _("it means every such element")
    return ""


def _long(guide: Guide) -> Iterator[Remark]:
    count = len(guide.steps) - (1 if guide.kind == "checklist" else 0)
    if count >= MANY_STEPS:
        yield Remark("warn", _("%(n)s steps: 72 %% finish a tour of three, 16 %% one of seven. Can it be shorter?",
                               n=count))  # fmt: skip
    for n, step in enumerate(guide.steps, 1):
        if len(_own(guide, step).get("text", "")) > LONG_TEXT:
            yield Remark("warn", _("More than %(n)s characters are read by few.", n=LONG_TEXT), n)


def _languages(guide: Guide) -> Iterator[Remark]:
    for locale in LANGUAGES:
        if locale == guide.locale:
            continue
        words = guide.texts.get(locale, {})
        if not words:
            yield Remark("info", _("No translation into %(language)s: those readers get %(source)s.",
                                   language=LANGUAGES[locale], source=LANGUAGES[guide.locale]))  # fmt: skip
        elif is_stale(guide, locale):
            yield Remark("warn", _("The translation into %(language)s is older than what it translates.",
                                   language=LANGUAGES[locale]))  # fmt: skip
        elif len(words) < len(guide.steps):
            yield Remark("warn", _("The translation into %(language)s lacks a step.", language=LANGUAGES[locale]))
