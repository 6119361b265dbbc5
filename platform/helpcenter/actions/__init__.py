"""Verbs of the help centre. Pages, imports, the demo and rooms above call these; nothing else writes its tables."""

from helpcenter.actions.articles import create, move, save, set_owner
from helpcenter.actions.categories import change_category, create_category, delete_category
from helpcenter.actions.feedback import close_feedback, comment, rate
from helpcenter.actions.gaps import ignore_gap, link_gap, reopen_gap
from helpcenter.actions.phrasings import accept_phrasing, dismiss_phrasing, restore_phrasing
from helpcenter.actions.publishing import archive, mark_stale, publish, unpublish

__all__ = [
    "accept_phrasing", "archive", "change_category", "close_feedback", "comment", "create", "create_category",
    "delete_category", "dismiss_phrasing", "ignore_gap", "link_gap", "mark_stale", "move", "publish", "rate",
    "reopen_gap", "restore_phrasing", "save", "set_owner", "unpublish",
]  # fmt: skip
