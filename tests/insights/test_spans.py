"""Which days a page is about, and with which it is compared."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.clock import as_of
from core.settings import read_settings, use
from insights.counting import percentile
from insights.spans import chosen, months


@pytest.fixture(autouse=True)
def in_tokyo(tmp_path):
    use(read_settings({}, secret_key="only-for-tests-0123456789-0123456789", data_dir=str(tmp_path)))
    with as_of(datetime(2026, 11, 24, 16, 0, tzinfo=UTC)):  # 1:00 of the 25th in Tokyo
        yield


def ends(asked: dict[str, str]) -> tuple[date, date, date, date]:
    span = chosen(asked)
    return span.first, span.last, span.before_first, span.before_last


def test_days_end_today_and_are_compared_with_as_many_before():
    assert ends({"days": "7"}) == (date(2026, 11, 19), date(2026, 11, 25), date(2026, 11, 12), date(2026, 11, 18))
    assert chosen({"days": "7"}).begins == datetime(2026, 11, 18, 15, tzinfo=UTC), "a local midnight"
    assert chosen({"days": "7"}).before_ends == chosen({"days": "7"}).begins


def test_a_month_is_compared_with_the_one_before():
    assert ends({"month": "2026-10"}) == (date(2026, 10, 1), date(2026, 10, 31), date(2026, 9, 1), date(2026, 9, 30))
    assert ends({"month": "2026-11"}) == (date(2026, 11, 1), date(2026, 11, 25), date(2026, 10, 1), date(2026, 10, 25))
    assert months()[0] == "2026-11" and months()[-1] == "2025-12"


def test_chosen_days_are_at_most_a_year_and_not_in_the_future():
    assert ends({"first": "2026-11-20", "last": "2027-01-01"})[:2] == (date(2026, 11, 20), date(2026, 11, 25))
    assert chosen({"first": "2020-01-01", "last": "2026-01-01"}).days == 366
    assert chosen({"first": "2026-10-01", "last": "2026-10-14"}).query == {"first": "2026-10-01", "last": "2026-10-14"}


@pytest.mark.parametrize("asked", [{}, {"days": "6"}, {"days": "x"}, {"month": "2026-13"}, {"month": "2027-01"},
                                   {"first": "2026-11-20", "last": "2026-11-01"}, {"first": "1-1-1", "last": "９"},
                                   {"first": "2027-01-01", "last": "2027-01-02"}])  # fmt: skip
def test_what_makes_no_sense_is_the_last_28_days(asked):
    assert chosen(asked).query == {"days": "28"}
    assert chosen(asked).days == 28


@pytest.mark.parametrize(("days", "points", "step"), [(7, 7, 1), (31, 31, 1), (32, 5, 7), (90, 13, 7), (366, 14, 28)])
def test_a_chart_has_no_more_points_than_fit(days, points, step):
    span = chosen(
        {"first": date.fromordinal(date(2026, 11, 25).toordinal() - days + 1).isoformat(), "last": "2026-11-25"}
    )
    assert (span.days, len(span.points()), span.step) == (days, points, step)
    assert span.points()[0][0] == span.first and span.points()[-1][1] == span.last
    assert sum((last - first).days + 1 for first, last in span.points()) == days


def test_a_percentile_is_a_value_that_occurs():
    assert percentile([], 0.5) is None
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([1, 2], 0.5) == 1
    assert percentile(list(range(1, 11)), 0.9) == 9
    assert percentile([7], 0.9) == 7
