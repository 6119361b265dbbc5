"""The axis of a chart holds the highest value, and counts people by whole ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.charts import TICKS, ceiling


@given(st.floats(0.001, 1e9))
def test_an_axis_holds_the_highest_value_in_whole_steps(highest: float) -> None:
    top = ceiling(highest)
    assert top >= highest * (1 - 1e-6)
    assert (top / TICKS).is_integer()


def test_five_people_are_counted_by_twos() -> None:
    assert [ceiling(n) / TICKS for n in (5, 9, 21, 45)] == [2, 3, 6, 12]
