"""Searching as somebody else, with what readers do not see: scores, confidence, and why a result stands there."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Response, get

from core.errors import NotFound
from core.i18n import _
from core.pages import page
from helpcenter import finding, tuning
from helpcenter.pages.around import staff_tabs
from search import explain, find

READERS = {"public": frozenset({"public"}), "members": frozenset({"public", "members"}),
           "staff": frozenset({"public", "members", "staff"})}  # fmt: skip


def readers() -> dict[str, str]:
    return {"public": _("a guest"), "members": _("a customer who is signed in"), "staff": _("staff")}


class TrialPages(Controller):
    path = "/staff/articles/trial"

    @get("/", may="help.write")
    async def index(self, q: str = "", who: str = "members", brand: str = "") -> Response[Any]:
        words, who = finding.asked(q), who if who in READERS else "members"
        brand = await tuning.chosen_brand(brand)
        found = await find(words, **_known(words, who, brand)) if words else None
        return page("helpcenter/trial.html", words=words, who=who, readers=readers(), chosen=brand, found=found,
                    kinds=finding.kinds, tabs=await staff_tabs())  # fmt: skip

    @get("/why", may="help.write")
    async def why(self, q: str = "", ref: str = "", who: str = "members", brand: str = "") -> Response[Any]:
        words, who = finding.asked(q), who if who in READERS else "members"
        one = finding.ref_of(ref) or (await tuning.named(ref) if ref else None)
        brand = await tuning.chosen_brand(brand)
        known = _known(words, who, brand)
        told = await explain(words, one, **known) if one and words else None
        if told is None:
            raise NotFound(_("This reader does not find it: it is not theirs to see, or not in this language."))
        first = await find(words, limit=1, **known)
        ahead = first.hits[0] if first.hits and first.hits[0].ref != told.ref else None
        rival = await explain(words, ahead.ref, **known) if ahead else None
        return page("helpcenter/why.html", words=words, who=who, readers=readers(), chosen=brand, told=told,
                    rival=rival, tabs=await staff_tabs())  # fmt: skip


def _known(words: str, who: str, brand: str) -> dict[str, Any]:
    """What search is told of such a reader."""
    return {"tokens": READERS[who], "lang": finding.language_for(words), "kinds": frozenset(finding.kinds),
            "brand": brand}  # fmt: skip
