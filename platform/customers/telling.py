"""How a notice reads, and which group of them it belongs to: rooms say it, like the timeline's sentences."""

from __future__ import annotations

from typing import Any

import msgspec

from core.i18n import _
from customers.sentences import Words, _Filled, _words


class Telling(msgspec.Struct, frozen=True):
    sentence: Words
    icon: str = "bell"
    group: str = ""


class Told(msgspec.Struct, frozen=True):
    title: str
    icon: str


_known: dict[str, Telling] = {}


def describe_notice(kind: str, sentence: Words, icon: str = "bell", *, group: str = "") -> None:
    """`describe_notice("community.replied", lazy("%(by)s replied to …"), "talk", group="watched")`, at import.

    `group` is one of customers.noticing.groups.GROUPS: by it, people choose what else than the bell tells them. Without
    one the notice stays at the bell.
    """
    _known[kind] = Telling(sentence, icon, group)


def group_of(kind: str) -> str:
    return _known[kind].group if kind in _known else ""


def kinds_of(group: str) -> list[str]:
    return [kind for kind, telling in _known.items() if telling.group == group]


def kinds() -> dict[str, str]:
    """kind → its group."""
    return {kind: telling.group for kind, telling in _known.items()}


def words_of(notice: Any) -> Told:
    data = notice.data if isinstance(notice.data, dict) else {}
    found = _known.get(notice.kind)
    if found:
        return Told(_words(found.sentence, _Filled(data)), found.icon)
    title = str(data.get("title") or data.get("subject") or "")
    return Told(title or _("There is something new for you"), "bell")
