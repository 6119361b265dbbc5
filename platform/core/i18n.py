"""Sentences in the reader's language.

English is the source; `locale/ja/LC_MESSAGES/messages.po` of each room translates.

`_("…")` translates now, for the language of `here()`; `lazy("…")` when it is shown (module-level tables).
"""

from __future__ import annotations

import gettext as _gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.context import here

LANGUAGES = {"ja": "日本語", "en": "English"}
ROOMS = Path(__file__).resolve().parent.parent


def catalogues(language: str) -> list[Path]:
    return sorted(ROOMS.glob(f"*/locale/{language}/LC_MESSAGES/messages.po"))


@lru_cache(maxsize=8)
def translations(language: str) -> _gettext.NullTranslations:
    """All rooms' catalogues of one language as one; compiled `.mo` files are used where they are newer."""
    merged: _gettext.NullTranslations = _gettext.NullTranslations()
    first = True
    for source in catalogues(language):
        found = _load(source)
        if first:
            merged, first = found, False
        else:
            merged._catalog.update({k: v for k, v in found._catalog.items() if k})  # type: ignore[attr-defined]
    return merged


def _load(source: Path) -> _gettext.GNUTranslations:
    compiled = source.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
        with compiled.open("rb") as file:
            return _gettext.GNUTranslations(file)
    buffer = io.BytesIO()
    with source.open("rb") as file:
        write_mo(buffer, read_po(file))
    buffer.seek(0)
    return _gettext.GNUTranslations(buffer)


@lru_cache(maxsize=8)
def _words(language: str) -> dict[str, str]:
    """The singulars alone: a page asks for fifty, and GNUTranslations takes three looks for each."""
    catalogue = getattr(translations(language), "_catalog", {})
    return {key: value for key, value in catalogue.items() if isinstance(key, str) and key}


def gettext(message: str, **values: Any) -> str:
    """Translate; `%(name)s` in the message is filled from `values`."""
    text = _words(here().language).get(message, message)
    return text % values if values else text


def ngettext(one: str, many: str, n: int, **values: Any) -> str:
    text = translations(here().language).ngettext(one, many, n)
    return text % ({"n": n} | values)


_ = gettext


class lazy(str):
    """A message that is translated when it is shown; as a key or in a comparison it is the English source."""

    def __str__(self) -> str:
        return gettext(str.__str__(self))

    def __html__(self) -> str:
        from markupsafe import escape

        return str(escape(gettext(str.__str__(self))))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """For a mail or a bot's answer: the recipient's language, not the asker's."""
    before = here().language
    here().language = language
    try:
        yield
    finally:
        here().language = before


WEEKDAYS = "月火水木金土日"


def day(value: date | datetime | str | None, *, weekday: bool = False) -> str:
    """11月22日 / 22 Nov, with the year when it is not this one."""
    moment = _local(value)
    if moment is None:
        return ""
    this_year = moment.year == _local(datetime.now(ZoneInfo("UTC"))).year
    if here().language == "ja":
        text = f"{moment.month}月{moment.day}日" if this_year else f"{moment.year}年{moment.month}月{moment.day}日"
        return f"{text}（{WEEKDAYS[moment.weekday()]}）" if weekday else text
    text = f"{moment.day} {moment:%b}" if this_year else f"{moment.day} {moment:%b %Y}"
    return f"{moment:%a} {text}" if weekday else text


def clock_time(value: datetime | str | None) -> str:
    """9:05 in the reader's zone."""
    moment = _local(value)
    return f"{moment.hour}:{moment.minute:02}" if isinstance(moment, datetime) else ""


def moment(value: datetime | str | None) -> str:
    """11月22日 9:05."""
    return f"{day(value)} {clock_time(value)}".strip()


def ago(value: datetime | str | None) -> str:
    """3分前 / 3 min ago; a date beyond a week."""
    then = _local(value)
    if not isinstance(then, datetime):
        return day(then)
    seconds = (datetime.now(then.tzinfo) - then).total_seconds()
    if seconds < 60:
        return gettext("just now")
    if seconds < 3600:
        return ngettext("%(n)s min ago", "%(n)s min ago", int(seconds // 60))
    if seconds < 86400:
        return ngettext("%(n)s hour ago", "%(n)s hours ago", int(seconds // 3600))
    if seconds < 7 * 86400:
        return ngettext("%(n)s day ago", "%(n)s days ago", int(seconds // 86400))
    return day(then)


def number(value: float | int | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _local(value: Any) -> Any:
    from core.clock import when

    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    found = when(value)
    return found.astimezone(ZoneInfo(here().time_zone)) if found else None
