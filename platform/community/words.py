"""What the templates of the community say: kinds, audiences, durations, choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response

from community.fragments import line
from community.plain import plain
from community.records import BoardRow
from community.rules import reason_words
from core import kept_pages, pages
from core.charts import Series
from core.i18n import _, day, ngettext


def page(template: str, *, status: int = 200, **context: Any) -> Response[bytes]:
    """`core.pages.page` with these words at hand."""
    return pages.page(template, status=status, **WORDS, **context)


def kept_page(template: str, *, depends_on: Any, context: Callable[[], Mapping[str, Any]]) -> Response[bytes]:
    """`core.kept_pages.kept_page` with these words at hand."""
    return kept_pages.kept_page(template, depends_on=depends_on, context=lambda: WORDS | dict(context()))


def duration(minutes: int) -> str:
    if minutes < 120:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes)
    if minutes < 48 * 60:
        return ngettext("%(n)s hour", "%(n)s hours", minutes // 60)
    return ngettext("%(n)s day", "%(n)s days", minutes // 1440)


def kind_words(kind: str) -> str:
    return {"question": _("Questions"), "discussion": _("Discussion"), "idea": _("Ideas"),
            "announcement": _("Announcements")}[kind]  # fmt: skip


def audience_words(board: BoardRow) -> str:
    if board.is_public:
        return _("Anybody")
    if "members" in board.audience:
        return _("People who are signed in")
    accounts = sum(token.startswith("account:") for token in board.audience)
    if accounts:
        return ngettext("%(n)s company", "%(n)s companies", accounts)
    return _("People with a grant on this board") if board.scope in board.audience else _("Staff only")


def board_options(boards: list[BoardRow]) -> dict[str, str]:
    return {board.slug: board.name for board in boards}


def id_options(boards: list[BoardRow]) -> dict[str, str]:
    return {str(board.id): board.name for board in boards}


def week_series(weeks: list[dict[str, Any]]) -> list[Series]:
    solved = [week["accepted"] for week in weeks]
    others = [week["asked"] - week["accepted"] for week in weeks]
    return [Series(_("Solved"), solved, "c1"), Series(_("Not solved"), others, "c6")]


def week_labels(weeks: list[dict[str, Any]]) -> list[str]:
    return [day(week["begin"]) for week in weeks]


def invitation_words(state: str) -> str:
    return {"asked": _("no reply yet"), "answered": _("has answered"), "declined": _("cannot answer")}[state]


def stage_words(stage: str) -> str:
    """Who was told last of a question that waits."""
    return {"experts": _("Experts"), "moderators": _("Experts and moderators"),
            "staff": _("Experts, moderators and staff")}.get(stage, _("Nobody told yet"))  # fmt: skip


WORDS: dict[str, Any] = {
    "reason_words": reason_words, "plain": plain, "duration": duration, "line": line, "kind_words": kind_words,
    "audience_words": audience_words, "board_options": board_options, "id_options": id_options,
    "week_series": week_series, "week_labels": week_labels, "invitation_words": invitation_words,
    "stage_words": stage_words,
}  # fmt: skip
