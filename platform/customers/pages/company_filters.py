"""Filters of the list of companies."""

from __future__ import annotations

from typing import Any

from core.listing import Choice

HEALTH_FILTERS = {"good": (76, 100), "watch": (51, 75), "risk": (0, 50)}


class HealthChoice(Choice, frozen=True):
    """Bands of the score."""

    def conditions(self, chosen: list[str]) -> list[Any]:
        if chosen[0] == "unknown":
            return [("health", "null", True)]
        least, most = HEALTH_FILTERS[chosen[0]]
        return [("health", ">=", least), ("health", "<=", most)]


class OwnChoice(Choice, frozen=True):
    """Whose the company is: the query is narrowed already."""

    def conditions(self, chosen: list[str]) -> list[Any]:
        return []
