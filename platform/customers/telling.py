"""How a notice reads: rooms say it for their kinds, like the timeline's sentences."""

from __future__ import annotations

from typing import Any

import msgspec

from core.i18n import _
from customers.sentences import Words, _Filled, _words


class Telling(msgspec.Struct, frozen=True):
    sentence: Words
    icon: str = "bell"


class Told(msgspec.Struct, frozen=True):
    title: str
    icon: str


_known: dict[str, Telling] = {}


def describe_notice(kind: str, sentence: Words, icon: str = "bell") -> None:
    """`describe_notice("community.replied", lazy("%(by)s replied to “%(title)s”"), "talk")`, at import."""
    _known[kind] = Telling(sentence, icon)


def words_of(notice: Any) -> Told:
    data = notice.data if isinstance(notice.data, dict) else {}
    found = _known.get(notice.kind)
    if found:
        return Told(_words(found.sentence, _Filled(data)), found.icon)
    title = str(data.get("title") or data.get("subject") or "")
    return Told(title or _("There is something new for you"), "bell")
