"""Conditions that are more than a column: health bands, contracts, events, consent, lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from customers.segments.tree import Condition

HEALTH_BANDS = {"good": (76, 100), "watch": (51, 75), "risk": (0, 50)}
Special = Callable[[Any, Condition], str]


def health_state(c: Any, one: Condition) -> str:
    values = one.value if one.op == "is_any" else [one.value]
    return str(c.of_accounts(lambda: "(" + " OR ".join(_band(c, value) for value in values) + ")"))


def _band(c: Any, name: str) -> str:
    if name not in HEALTH_BANDS:
        return "a.health IS NULL" if name == "unknown" else "1 = 0"
    least, most = HEALTH_BANDS[name]
    return f"(a.health IS NOT NULL AND a.health >= {c.mark(least)} AND a.health <= {c.mark(most)})"


def active(c: Any, one: Condition) -> str:
    found = c.of_contracts(lambda: "1 = 1")
    return str(found) if one.value else f"NOT ({found})"


def renews_in_days(c: Any, one: Condition) -> str:
    """Running contracts whose renewal is today or later."""
    return str(c.of_contracts(lambda: _from_today(c, one)))


def _from_today(c: Any, one: Condition) -> str:
    least, most = days_of(one)
    parts = [f"c.renews_on >= {c.mark(c.day(max(0, least or 0)))}"]
    parts += [f"c.renews_on <= {c.mark(c.day(most))}"] if most is not None else []
    return "(" + " AND ".join(parts) + ")"


def started_days_ago(c: Any, one: Condition) -> str:
    """Days since the account's first contract began, which is today or earlier."""

    def asked() -> str:
        least, most = days_of(one)
        parts = [f"MIN(c.starts_on) <= {c.mark(c.day(-max(0, least or 0)))}"]
        parts += [f"MIN(c.starts_on) >= {c.mark(c.day(-most))}"] if most is not None else []
        return f"a.id IN (SELECT c.account_id FROM contract c GROUP BY c.account_id HAVING {' AND '.join(parts)})"

    return str(c.of_accounts(asked))


def monthly(c: Any, one: Condition) -> str:
    def asked() -> str:
        chosen = f"a.id IN (SELECT c.account_id FROM contract c WHERE {c.running()} GROUP BY c.account_id"
        return f"{chosen} HAVING {c.number('SUM(c.amount)', one)})"

    return str(c.of_accounts(asked))


def event_count(c: Any, one: Condition) -> str:
    """Counts that allow 0 are asked the other way round, because who never did it has no row."""
    least, most = counts_of(one)
    if most is not None and most < max(0, least or 0):
        return "1 = 0"
    parts = []
    if least is not None and least > 0:
        parts.append(_did(c, one, ">=", least))
    if most is not None:
        parts.append(f"NOT ({_did(c, one, '>', most)})")
    return "(" + " AND ".join(parts) + ")" if parts else "1 = 1"


def _did(c: Any, one: Condition, sign: str, count: int) -> str:
    column = {None: "total", 7: "d7", 30: "d30", 90: "d90"}[one.window_days]
    # Who did it so often in 7 days did so in 30, which the index is sorted by.
    also = "d30" if column == "d7" and count > 0 else ""

    def asked() -> str:
        first = f"v.{also} {sign} {c.mark(count)} AND " if also else ""
        return f"{first}v.{column} {sign} {c.mark(count)}"

    return _metric(c, one, asked)


def _metric(c: Any, one: Condition, asked: Callable[[], str]) -> str:
    """People, or people of accounts, whose counts of this event are as asked."""
    if one.of == "account":
        found = "a.id IN (SELECT v.account_id FROM account_metric v WHERE v.metric = "
        return str(c.of_accounts(lambda: f"{found}{c.mark(one.event)} AND {asked()})"))
    found = "SELECT v.person_id FROM person_metric v WHERE v.metric = "
    return str(c.among(f"{found}{c.mark(one.event)} AND {asked()}"))


def did(c: Any, one: Condition) -> str:
    """A SELECT of the `id` and place (`account_id`) of every living customer who did it at least so often."""
    least, _most = counts_of(one)
    column = {None: "total", 7: "d7", 30: "d30", 90: "d90"}[one.window_days]
    metric = c.mark(one.event)
    also = f" AND v.d30 >= {c.mark(least)}" if column == "d7" else ""
    return (f"SELECT v.person_id AS id, v.place AS account_id FROM person_metric v WHERE v.metric = {metric}{also}"
            f" AND v.{column} >= {c.mark(least)} AND v.place IS NOT NULL")  # fmt: skip


def last_days_ago(c: Any, one: Condition) -> str:
    return _metric(c, one, lambda: str(c.days_ago("v.last_at", one)))


def sequence(c: Any, one: Condition) -> str:
    """Did `event`, and `then` after it, at most `within_days` × 24 hours later; the first of it in the window."""
    # Marks are made in the order in which they stand in the text.
    first = f"e.name = {c.mark(one.event)}"
    both = f"SELECT v.person_id FROM person_metric v WHERE v.metric = {c.mark(one.then)} AND v.total > 0"
    second = f"f.name = {c.mark(one.then)} AND f.at > e.at AND {_within(c, one.within_days or 7)}"
    since = f" AND e.at > {c.mark(c.back(one.window_days))}" if one.window_days else ""
    found = c.among(f"SELECT e.person_id FROM event e WHERE {first} AND e.person_id IN ({both}) AND EXISTS (SELECT 1"
                    f" FROM event f WHERE f.person_id = e.person_id AND {second}){since}")  # fmt: skip
    return found if one.value else f"NOT ({found})"


def _within(c: Any, days: int) -> str:
    if c.is_sqlite:
        return f"ROUND((julianday(f.at) - julianday(e.at)) * 86400) <= {c.mark(days)} * 86400"
    return f"f.at <= e.at + {c.mark(days)} * interval '1 day'"


def channel(c: Any, one: Condition) -> str:
    values = one.value if one.op == "is_any" else [one.value]
    marks = ", ".join(c.mark(value) for value in values)
    return str(c.among(f"SELECT h.person_id FROM person_habit h WHERE h.channel IN ({marks})"))


def active_hour(c: Any, one: Condition) -> str:
    asked = c.number("h.hour", one)
    return str(c.among(f"SELECT h.person_id FROM person_habit h WHERE h.hour IS NOT NULL AND {asked}"))


def touch_count(c: Any, one: Condition) -> str:
    least, most = counts_of(one)
    if most is not None and most < max(0, least or 0):
        return "1 = 0"
    parts = []
    if least is not None and least > 0:
        parts.append(_happened(c, one, ">=", least))
    if most is not None:
        parts.append(f"NOT ({_happened(c, one, '>', most)})")
    return "(" + " AND ".join(parts) + ")" if parts else "1 = 1"


def _happened(c: Any, one: Condition, sign: str, count: int) -> str:
    if sign == ">" and count < 0:
        return "1 = 1"
    who = "account_id" if one.of == "account" else "person_id"

    def asked() -> str:
        return (f"SELECT t.{who} FROM touchpoint t WHERE t.kind = {c.mark(one.event)}"
                f" AND t.at > {c.mark(c.back(one.window_days or 90))} AND t.{who} IS NOT NULL"
                f" GROUP BY t.{who} HAVING COUNT(*) {sign} {c.mark(count)}")  # fmt: skip

    if one.of == "account":
        return str(c.of_accounts(lambda: f"a.id IN ({asked()})"))
    return str(c.among(asked()))


def consent(c: Any, one: Condition) -> str:
    values = one.value if one.op == "is_any" else [one.value]
    known = [value for value in values if value != "unknown"]
    parts = [c.among(f"{_decided(c, one)} AND s.state IN ({', '.join(c.mark(v) for v in known)})")] if known else []
    parts += [f"NOT ({c.among(_decided(c, one))})"] if "unknown" in values else []
    return "(" + " OR ".join(parts) + ")"


def _decided(c: Any, one: Condition) -> str:
    return (f"SELECT s.person_id FROM consent s WHERE s.topic = {c.mark(one.topic)}"
            f" AND s.channel = {c.mark(one.channel)}")  # fmt: skip


def segment(c: Any, one: Condition) -> str:
    """A static list, or what was last materialised; `ask.expanded` puts the trees of the others in place first."""
    values = one.value if isinstance(one.value, list) else [one.value]
    marks = ", ".join(c.mark(value) for value in values)
    return str(c.among(f"SELECT sm.person_id FROM segment_member sm WHERE sm.segment_id IN ({marks})"))


def days_of(one: Condition) -> tuple[int | None, int | None]:
    """The least and most days a condition allows."""
    if one.op == "between":
        return one.value[0], one.value[1]
    return {"at_least": (one.value, None), "at_most": (None, one.value), "is": (one.value, one.value)}[one.op]


def counts_of(one: Condition) -> tuple[int | None, int | None]:
    """The least and most times a condition allows."""
    if one.op in {"less_than", "more_than"}:
        return (None, one.value - 1) if one.op == "less_than" else (one.value + 1, None)
    return days_of(one)


SPECIAL: dict[str, Special] = {
    "account.health_state": health_state,
    "contract.active": active,
    "contract.renews_in_days": renews_in_days,
    "contract.started_days_ago": started_days_ago,
    "contract.monthly": monthly,
    "event.count": event_count,
    "event.last_days_ago": last_days_ago,
    "event.sequence": sequence,
    "person.active_hour": active_hour,
    "person.channel": channel,
    "touch.count": touch_count,
    "consent": consent,
    "segment": segment,
}
