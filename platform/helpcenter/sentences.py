"""What the customer's timeline says about the help centre."""

from __future__ import annotations

from typing import Any

from core.i18n import _, lazy
from customers.sentences import describe
from customers.telling import describe_notice


def searched(facts: dict[str, Any]) -> str:
    if facts.get("results"):
        return _("Searched the help centre for “%(words)s”", words=facts.get("words", ""))
    return _("Searched the help centre for “%(words)s” and found nothing", words=facts.get("words", ""))


def read(facts: dict[str, Any]) -> str:
    return _("Read the article “%(title)s”", title=facts.get("title", ""))


def rated(facts: dict[str, Any]) -> str:
    if facts.get("helpful"):
        return _("Said that an article helped")
    return _("Said that an article did not help")


ARTICLE = "/staff/articles/{about_id}"
describe("help.searched", searched, "search", label=lazy("Searches in the help centre"))
describe("help.read", read, "book", href=ARTICLE, label=lazy("Articles read"))
describe("help.rated", rated, "thumb", href=ARTICLE, label=lazy("Answers to “Did this article help?”"))
describe_notice("help.answered", lazy("What you asked is answered now: “%(title)s”"), "book", group="answers")
