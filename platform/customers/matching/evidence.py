"""What speaks for and against two records being one, in points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

AUTOMATIC = 10
REVIEW = 5
Level = Literal["automatic", "review", "none"]


class Evidence(msgspec.Struct, frozen=True):
    """One observation: its kind (`words.py` says it in a sentence), its points, and the value both share."""

    kind: str
    points: int
    value: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """All evidence about one pair. What is not firm (FIRM of each kind; a veto) is at most a question to a person.
    `exact` counts fields that agree letter for letter: it only decides between pairs of equal points.
    """

    evidence: tuple[Evidence, ...]
    is_firm: bool = False
    exact: int = 0

    @property
    def points(self) -> int:
        return sum(one.points for one in self.evidence)

    @property
    def level(self) -> Level:
        if self.points < REVIEW:
            return "none"
        return "automatic" if self.is_firm and self.points >= AUTOMATIC else "review"


NOTHING = Verdict(())


def strongest(found: Sequence[Evidence]) -> list[Evidence]:
    """The one with most points, as a list; nothing of nothing."""
    return [max(found, key=lambda one: one.points)] if found else []
