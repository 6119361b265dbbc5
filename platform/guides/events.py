"""Facts of guides, told upward."""

from __future__ import annotations

from core.events import Event


class SurveyAnswered(Event, frozen=True):
    guide_id: int
    answer_id: int
    person_id: int
    account_id: int | None
