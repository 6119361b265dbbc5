"""What the customer's timeline says about the help centre."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.i18n import _
from customers import timeline


def searched(data: dict[str, Any]) -> str:
    if data.get("results"):
        return _("Searched the help centre for “%(words)s”", words=data.get("words", ""))
    return _("Searched the help centre for “%(words)s” and found nothing", words=data.get("words", ""))


def read(data: dict[str, Any]) -> str:
    return _("Read the article “%(title)s”", title=data.get("title", ""))


def rated(data: dict[str, Any]) -> str:
    if data.get("helpful"):
        return _("Said that the article “%(title)s” helped", title=data.get("title", ""))
    return _("Said that the article “%(title)s” did not help", title=data.get("title", ""))


SENTENCES: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "help.searched": ("search", searched),
    "help.read": ("book", read),
    "help.rated": ("thumb", rated),
}


def register() -> None:
    describe = getattr(timeline, "describe", None)
    if describe is not None:
        for kind, (icon, sentence) in SENTENCES.items():
            describe(kind, sentence, icon=icon)


register()
