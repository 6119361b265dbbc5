"""The help centre's pages, and its places in the ways around."""

from __future__ import annotations

from core.i18n import lazy
from core.navigation import navigation
from helpcenter import pictures  # noqa: F401  registers who sees them
from helpcenter.pages.categories import CategoryPages
from helpcenter.pages.confidence import ConfidencePages
from helpcenter.pages.editor import EditorPages
from helpcenter.pages.imports import ImportPages
from helpcenter.pages.lists import FeedbackPages, GapPages, SearchLogPages
from helpcenter.pages.readers import FrontPages, ReaderPages
from helpcenter.pages.search import SearchPages
from helpcenter.pages.site import SitePages
from helpcenter.pages.staff import StaffArticlePages
from helpcenter.pages.suggestions import SuggestionPages
from helpcenter.pages.trial import TrialPages
from helpcenter.pages.tuning import TuningPages

navigation.search, navigation.suggest = "/help/search", "/help/suggest"
navigation.add("visitor", lazy("Help"), "/help", may="help.read", order=10)
navigation.add("staff", lazy("Help articles"), "/staff/articles", may="help.write", icon="book", order=10, group=2)

controllers = [FrontPages, ReaderPages, SearchPages, SitePages, StaffArticlePages, EditorPages, GapPages, FeedbackPages,
               SearchLogPages, ImportPages, CategoryPages, SuggestionPages, TuningPages, TrialPages,
               ConfidencePages]  # fmt: skip
