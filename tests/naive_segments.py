"""A second, plain answer to 'is this person in the segment': loops over dicts, no SQL. The compiler must agree."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from customers.segments.tree import Condition, Group, Node

BANDS = {"good": range(76, 101), "watch": range(51, 76), "risk": range(0, 51)}


def lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


class World:
    """people, accounts, memberships, contracts, metrics, touchpoints, consents, lists: lists of dicts."""

    def __init__(self, now: datetime, today: date, **tables: list[dict[str, Any]]) -> None:
        self.now, self.today = now, today
        self.t = tables

    def members(self, tree: Group) -> set[int]:
        return {p["id"] for p in self.t["people"] if p["state"] == "active" and p["kind"] == "customer"
                and self.holds(tree, p)}  # fmt: skip

    def holds(self, node: Node, p: dict[str, Any]) -> bool:
        if isinstance(node, Condition):
            return self.asked(node, p)
        said = [self.holds(one, p) for one in node.nodes]
        return {"all": all(said), "any": any(said), "none": not any(said)}[node.join]

    def of(self, p: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """(membership, account) of today."""
        return [(m, a) for m in self.t["memberships"] for a in self.t["accounts"]
                if m["person_id"] == p["id"] and m["account_id"] == a["id"]
                and (m["until"] is None or m["until"] >= self.today)]  # fmt: skip

    def running(self, a: dict[str, Any]) -> list[dict[str, Any]]:
        return [c for c in self.t["contracts"] if c["account_id"] == a["id"] and c["starts_on"] <= self.today
                and (c["ended_on"] is None or c["ended_on"] > self.today)]  # fmt: skip

    def asked(self, one: Condition, p: dict[str, Any]) -> bool:  # noqa: C901
        import msgspec

        if one.op == "is_not":
            return not self.asked(msgspec.structs.replace(one, op="is"), p)
        if one.op == "is_empty":
            return not self.asked(msgspec.structs.replace(one, op="is_filled"), p)
        room, _, name = one.field.partition(".")
        accounts = [a for _m, a in self.of(p)]
        if one.field == "account.health_state":
            wanted = one.value if isinstance(one.value, list) else [one.value]
            return any((a["health"] is None and w == "unknown") or (w in BANDS and a["health"] in BANDS[w])
                       for a in accounts for w in wanted)  # fmt: skip
        if name.startswith("traits."):
            rows = [p] if room == "person" else accounts
            found = [r["traits"].get(name.removeprefix("traits.")) for r in rows]
            return any(compare(one, v if isinstance(v, str) else "") for v in found)
        if one.field in {"person.title", "person.department"}:
            return any(compare(one, m[name]) for m, _a in self.of(p))
        if one.field in {"person.channel", "person.active_hour"}:
            key = "channel" if name == "channel" else "hour"
            return any(compare(one, h[key]) for h in self.t["habits"] if h["person_id"] == p["id"]
                       and h[key] is not None)  # fmt: skip
        if one.field in {"person.created_days_ago", "person.seen_days_ago"}:
            return self.ago(one, p["created_at" if "created" in name else "last_seen_at"])
        if room == "person":
            return compare(one, p[name] if p[name] is not None else "")
        if one.field == "account.phase_days":
            return any(self.ago(one, a["phase_since"]) for a in accounts)
        if room == "account":
            key = "csm_id" if name == "csm" else name
            return any(compare(one, a[key]) for a in accounts)
        if room == "contract":
            return any(self.contract(one, name, a) for a in accounts) if one.value is not False else not any(
                self.running(a) for a in accounts)  # fmt: skip
        if one.field == "event.sequence":
            return self.followed(one, p) == one.value
        if room in {"event", "touch"}:
            return self.did(one, room, name, p, accounts)
        if room == "consent":
            state = next((c["state"] for c in self.t["consents"] if c["person_id"] == p["id"]
                          and (c["topic"], c["channel"]) == (one.topic, one.channel)), "unknown")  # fmt: skip
            return state in (one.value if isinstance(one.value, list) else [one.value])
        assert room == "segment"
        wanted = one.value if isinstance(one.value, list) else [one.value]
        return any(m["person_id"] == p["id"] and m["segment_id"] in wanted for m in self.t["lists"])

    def contract(self, one: Condition, name: str, a: dict[str, Any]) -> bool:
        running = self.running(a)
        if name == "active":
            return bool(running)
        if name == "renews_in_days":
            days = [(c["renews_on"] - self.today).days for c in running if c["renews_on"] is not None]
            return any(d >= 0 and compare(one, d) for d in days)
        if name == "started_days_ago":
            starts = [c["starts_on"] for c in self.t["contracts"] if c["account_id"] == a["id"]]
            return bool(starts) and (d := (self.today - min(starts)).days) >= 0 and compare(one, d)
        if name == "monthly":
            return bool(running) and compare(one, sum(c["amount"] for c in running))
        return any(compare(one, c[name]) for c in running)

    def followed(self, one: Condition, p: dict[str, Any]) -> bool:
        own = [e for e in self.t["events"] if e["person_id"] == p["id"]]
        since = self.now - timedelta(days=one.window_days) if one.window_days else None
        known = any(m["id"] == p["id"] and m["metric"] == one.then and m["total"] > 0 for m in self.t["person_metrics"])
        return known and any(
            timedelta(0) < second["at"] - first["at"] <= timedelta(days=one.within_days or 7)
            for first in own if first["name"] == one.event and (since is None or first["at"] > since)
            for second in own if second["name"] == one.then)  # fmt: skip

    def did(self, one: Condition, room: str, name: str, p: dict[str, Any], accounts: list[dict[str, Any]]) -> bool:
        whose = [("account", a["id"]) for a in accounts] if one.of == "account" else [("person", p["id"])]
        if name == "last_days_ago":
            return any(self.ago(one, m["last_at"]) for who, id in whose for m in self.t[f"{who}_metrics"]
                       if m["id"] == id and m["metric"] == one.event)  # fmt: skip
        counts = [self.count(one, room, who, id) for who, id in whose]
        least, most = {"at_least": (one.value, None), "at_most": (None, one.value), "is": (one.value, one.value),
                       "less_than": (None, one.value - 1 if isinstance(one.value, int) else 0),
                       "more_than": (one.value + 1 if isinstance(one.value, int) else 0, None),
                       "between": tuple(one.value) if isinstance(one.value, list) else (0, 0)}[one.op]  # fmt: skip
        if most is not None and most < max(0, least or 0):
            return False
        return (least is None or least <= 0 or any(c >= least for c in counts)) and (
            most is None or not any(c > most for c in counts))  # fmt: skip

    def count(self, one: Condition, room: str, who: str, id: int) -> int:
        if room == "touch":
            since = self.now - timedelta(days=one.window_days or 90)
            return sum(
                1 for t in self.t["touches"] if t[f"{who}_id"] == id and t["kind"] == one.event and t["at"] > since
            )
        column = {None: "total", 7: "d7", 30: "d30", 90: "d90"}[one.window_days]
        return sum(m[column] for m in self.t[f"{who}_metrics"] if m["id"] == id and m["metric"] == one.event)

    def ago(self, one: Condition, moment: datetime | None) -> bool:
        if moment is None:
            return False
        days = (self.now - moment) // timedelta(days=1)
        return compare(one, days)


def compare(one: Condition, value: Any) -> bool:
    if one.op == "is_filled":
        return value != ""
    if value is None:
        return False
    v = one.value
    match one.op:
        case "is":
            return bool(value == v)
        case "is_any":
            return value in v
        case "contains":
            return lower(v) in lower(value)
        case "contains_any":
            return any(lower(w) in lower(value) for w in v)
        case "at_least":
            return bool(value >= v)
        case "at_most":
            return bool(value <= v)
        case "less_than":
            return bool(value < v)
        case "more_than":
            return bool(value > v)
        case "between":
            return bool(v[0] <= value <= v[1])
    raise AssertionError(one.op)
