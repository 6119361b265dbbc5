"""What all pages of one guide share: where it stands, and the steps around it."""

from __future__ import annotations

from typing import Any

from litestar import Response

from core.i18n import _
from core.pages import page
from guides import linting
from guides.models import Guide
from guides.rollout import has_passed
from guides.words import KINDS, STATES, TONES

ORDER = ("content", "audience", "pilot", "publication", "report")


def steps(guide: Guide) -> list[tuple[str, str]]:
    words = {"content": _("Content"), "audience": _("Whom and when"), "pilot": _("Pilot"), "publication": _("Go live"),
             "report": _("Report")}  # fmt: skip
    return [(words[name], f"/staff/guides/{guide.id}/{name}") for name in ORDER]


async def guide_page(template: str, guide: Guide, part: str, *, status: int = 200, **context: Any) -> Response[Any]:
    if "passed" not in context:  # what a guide that paused itself says on all of its pages
        context["passed"] = bool(guide.broken) and await has_passed(guide)
    return page(
        f"guides/{template}.html", status=status, guide=guide, steps=steps(guide), at=ORDER.index(part),
        kind=KINDS[guide.kind], state=STATES[guide.state], tone=TONES.get(guide.state, ""),
        base=f"/staff/guides/{guide.id}", remarks=linting.remarks(guide), **context,
    )  # fmt: skip


def stage(guide: Guide) -> str:
    """The page that a guide is at."""
    if guide.state == "draft":
        return "content"
    return "pilot" if guide.state == "pilot" else "report"
