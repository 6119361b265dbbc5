"""Where somebody goes whose question has no answer here. Rooms above add the ways:

from helpcenter.asking import Way, ways
ways.append(Way(lazy("Ask in the community"), "/community/new", parameter="title", order=10))
"""

from __future__ import annotations

import msgspec

from core.context import here
from core.pages import url


class Way(msgspec.Struct, frozen=True):
    """A page where one may ask; it gets the words that were searched in `parameter`."""

    label: str
    path: str
    parameter: str = "title"
    order: int = 100
    may: str = "anyone"
    note: str = ""

    def href(self, words: str = "") -> str:
        return url(self.path, **{self.parameter: words}) if self.parameter else self.path


ways: list[Way] = []


def open_ways() -> list[Way]:
    """For this person, the first one first. A guest sees those that ask to sign in, too."""
    who = here().principal
    seen = [way for way in ways if not who.is_signed_in or who.may_somewhere(way.may)]
    return sorted(seen, key=lambda way: way.order)
