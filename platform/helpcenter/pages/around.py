"""The tabs that staff pages of the help centre share."""

from __future__ import annotations

from core.database import rows
from core.i18n import _


async def staff_tabs() -> list[tuple[str, str, int | None]]:
    found = await rows("SELECT (SELECT COUNT(*) FROM content_gap WHERE state = 'open'),"
                       " (SELECT COUNT(*) FROM article_feedback WHERE state = 'open')")  # fmt: skip
    gaps, feedback = int(found[0][0]), int(found[0][1])
    return [
        (_("Articles"), "/staff/articles", None),
        (_("Unanswered"), "/staff/articles/gaps", gaps),
        (_("Searches"), "/staff/articles/searches", None),
        (_("Suggestions"), "/staff/articles/suggestions", None),
        (_("Feedback"), "/staff/articles/feedback", feedback),
        (_("Tuning"), "/staff/articles/tuning", None),
        (_("Confidence"), "/staff/articles/confidence", None),
        (_("Categories"), "/staff/articles/categories", None),
        (_("Imports"), "/staff/articles/imports", None),
    ]
