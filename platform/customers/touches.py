"""The budget of attention: every automatic touch, on every channel, is reserved here first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import msgspec

from core.clock import days_ago, now, when
from core.database import dialect, rows, transaction, write
from core.refs import Ref
from customers.attention import WINDOWS, kind_of
from customers.holding import Wish, hold, settle_holds, these_keys
from customers.quiet import INTERRUPTING, ends_at
from customers.rules import AttentionRule, ChannelRule, QuietRule, rule

NOTHING = Ref("", 0)


class Answer(msgspec.Struct, frozen=True):
    """`state`: taken, held (asked for again at `until`) or refused; `reason` is one of customers.attention.REASONS."""

    state: str
    reason: str = ""
    until: datetime | None = None


TAKEN = Answer("taken")


class Limits(msgspec.Struct, frozen=True):
    """(reason, days, most, only on this channel)"""

    caps: tuple[tuple[str, int, int, bool], ...]
    quiet: QuietRule

    @staticmethod
    async def of(channel: str) -> Limits:
        over_all: AttentionRule = await rule("attention")
        each: ChannelRule = await rule("channels")
        caps = [(name, days, int(getattr(over_all, f"per_{name}")), False) for name, days in WINDOWS.items()]
        for name, days in WINDOWS.items():
            most = int(getattr(each, f"{channel}_{name}", 0))
            caps += [(f"channel_{name}", days, most, True)] if most else []
        return Limits(tuple(caps), await rule("quiet"))


async def reserve_touch(person_id: int, channel: str, kind: str, key: str, *, about: Ref = NOTHING) -> bool:
    """Take one touch from the person's budget; False when it is used up, or the hours are quiet."""
    return key in await reserve_touches(channel, kind, [(person_id, key)], about=about)


async def reserve_touches(channel: str, kind: str, wanted: Sequence[tuple[int, str]], *,
                          about: Ref = NOTHING) -> set[str]:  # fmt: skip
    """Take a touch for each (person, key); the keys that got one. Nothing is held for later."""
    answers = await ask(channel, kind, wanted, about=about)
    return {key for key, answer in answers.items() if answer.state == "taken"}


async def ask(
    channel: str, kind: str, wanted: Sequence[tuple[int, str]], *, about: Ref = NOTHING,
    worth_until: datetime | None = None,
) -> dict[str, Answer]:  # fmt: skip
    """Take, hold or refuse a touch for each (person, key).

    Atomic over all channels and processes. A key names the one thing that will be sent ("delivery:7"): asked again
    with the same key, the answer is yes and nothing more is taken, so a job may run twice. With `worth_until`, what
    gets room until then is held: ask again at `until`. Set-based, because one call for each of a newsletter's readers
    costs more than rendering and sending their mail.
    """
    pairs = json.dumps([list(one) for one in wanted])
    async with transaction():
        if dialect() == "postgresql":  # always in the same order; on SQLite the transaction is the lock
            await write("SELECT pg_advisory_xact_lock(hashtextextended('touch:' || who.person, 0)) FROM"
                        f" (SELECT DISTINCT person FROM {_pairs()} ORDER BY person) AS who", pairs)  # fmt: skip
        if kind_of(kind).passes:
            await _write_down(channel, kind, about, pairs)
            return {key: TAKEN for _person, key in wanted}
        return await _judged(Wish(channel, kind, about, worth_until), wanted, pairs)


async def passes(person_id: int | None, channel: str, kind: str, key: str, *, about: Ref = NOTHING) -> None:
    """Write down what is never held: a reply, transactional or legal mail. For nobody known, nothing."""
    if person_id:
        await ask(channel, kind, [(person_id, key)], about=about)


async def _judged(wish: Wish, wanted: Sequence[tuple[int, str]], pairs: str) -> dict[str, Answer]:
    limits = await Limits.of(wish.channel)
    quiet = await _who_sleeps(wish.channel, limits.quiet, pairs)
    await _take_for_colleagues(wish, pairs)
    awake = [list(one) for one in wanted if one[0] not in quiet]
    if awake:
        await _take(wish, json.dumps(awake), limits)
    taken = {str(row[0]) for row in await rows(f"SELECT t.key FROM touch t JOIN {_pairs()} ON t.key = wanted.key",
                                               pairs)}  # fmt: skip
    left = [one for one in wanted if one[1] not in taken]
    await settle_holds(taken)
    answers = dict.fromkeys(taken, TAKEN)
    for key, reason, until in await hold(wish, left, limits.caps, limits.quiet):
        answers[key] = Answer("held" if until else "refused", reason, until)
    return answers


def _pairs() -> str:
    """The (person, key) pairs of one JSON parameter, as a table."""
    if dialect() == "postgresql":
        table = "SELECT (e->>0)::bigint AS person, e->>1 AS key FROM json_array_elements(CAST(? AS json)) AS e"
    else:
        table = "SELECT json_extract(value, '$[0]') AS person, json_extract(value, '$[1]') AS key FROM json_each(?)"
    return f"({table}) AS wanted"


async def _who_sleeps(channel: str, quiet: QuietRule, pairs: str) -> set[int]:
    """Those for whom it is night; one look at the clock for each zone."""
    if channel not in INTERRUPTING or quiet.quiet_from == quiet.quiet_until:
        return set()
    moment, nights = now(), dict[str, bool]()
    asleep = set()
    for person, zone in await rows(
        f"SELECT DISTINCT p.id, p.time_zone FROM person p JOIN {_pairs()} ON p.id = wanted.person", pairs
    ):
        if zone not in nights:
            nights[zone] = ends_at(moment, zone, quiet) is not None
        if nights[zone]:
            asleep.add(int(person))
    return asleep


def _types() -> tuple[str, str, str]:
    """`?` whose type PostgreSQL cannot guess inside a SELECT: text, a time, a number."""
    if dialect() == "postgresql":
        return "CAST(? AS text)", "CAST(? AS timestamptz)", "CAST(? AS bigint)"
    return "?", "?", "?"


async def _write_down(channel: str, kind: str, about: Ref, pairs: str, only: str = "true") -> None:
    text, moment, big = _types()
    await write(
        "INSERT INTO touch (person_id, channel, kind, key, at, is_counted, about_kind, about_id)"
        f" SELECT wanted.person, {text}, {text}, wanted.key, {moment}, {'false' if dialect() == 'postgresql' else '0'},"
        f" {text}, {big} FROM {_pairs()} WHERE {only} ON CONFLICT (key) DO NOTHING",
        channel, kind, now(), about.kind, about.id, pairs,
    )  # fmt: skip


async def _take_for_colleagues(wish: Wish, pairs: str) -> None:
    """Who works here is not a customer to be spared: a colleague in a pilot group gets it at once."""
    staff = "wanted.person IN (SELECT id FROM person WHERE kind = 'staff')"
    await _write_down(wish.channel, wish.kind, wish.about, pairs, staff)


async def _take(wish: Wish, pairs: str, limits: Limits) -> None:
    """One statement for everybody who has room under every limit."""
    text, moment, big = _types()
    clauses, since = [], list[object]()
    kept, kept_values = _kept(wish)
    for _reason, days, most, is_own in limits.caps:
        only = " AND u.channel = w.channel" if is_own else ""
        used = f"(SELECT COUNT(*) FROM touch u WHERE u.person_id = w.person AND u.is_counted AND u.at > {moment}{only})"
        clauses.append(f"{used} + {'0' if is_own else kept} + w.place <= {int(most)}")
        since += [days_ago(days), *([] if is_own else kept_values)]
    await write(
        "INSERT INTO touch (person_id, channel, kind, key, at, is_counted, about_kind, about_id)"
        f" SELECT w.person, w.channel, {text}, w.key, {moment}, {'true' if dialect() == 'postgresql' else '1'},"
        f" {text}, {big} FROM (SELECT person, key, {text} AS channel,"
        f" ROW_NUMBER() OVER (PARTITION BY person ORDER BY key) AS place FROM {_pairs()}"
        f" WHERE NOT EXISTS (SELECT 1 FROM touch t WHERE t.key = wanted.key)) AS w WHERE {' AND '.join(clauses)}"
        " ON CONFLICT (key) DO NOTHING",
        wish.kind, now(), wish.about.kind, wish.about.id, wish.channel, pairs, *since,
    )  # fmt: skip


def _kept(wish: Wish) -> tuple[str, list[object]]:
    """Room that is kept for held touches of more importance, due within a day."""
    _text, moment, _big = _types()
    if wish.priority > 1:
        return "0", []
    later = now()
    return (
        "(SELECT COUNT(*) FROM touch_hold h WHERE h.person_id = w.person AND h.state = 'held'"
        f" AND h.priority > {wish.priority} AND h.release_at < {moment} AND h.worth_until > {moment})",
        [days_ago(-1), later],
    )  # fmt: skip


async def give_back(keys: Sequence[str]) -> None:
    """What was to be sent will not reach anybody after all: it counts no more, and waits for no touch."""
    if not keys:
        return
    listed = json.dumps(sorted(keys))
    await write(f"DELETE FROM touch WHERE key IN ({these_keys()})", listed)
    await write("UPDATE touch_hold SET state = 'dropped', release_at = NULL, changed_at = ?"
                f" WHERE key IN ({these_keys()}) AND state = 'held'", now(), listed)  # fmt: skip


async def drop(about: Ref) -> None:
    """What was held for `about` is not wanted any more: it was cancelled."""
    await write("UPDATE touch_hold SET state = 'dropped', release_at = NULL, changed_at = ? WHERE about_kind = ?"
                " AND about_id = ? AND state = 'held'", now(), about.kind, about.id)  # fmt: skip


async def expire() -> int:
    """Held touches that nobody asked for again until they were worth nothing."""
    late = await write("UPDATE touch_hold SET state = 'expired', release_at = NULL, changed_at = ?"
                       " WHERE state = 'held' AND worth_until < ? RETURNING id", now(), now())  # fmt: skip
    return len(late)


class Room(msgspec.Struct, frozen=True):
    """One limit of one person: `taken` of `most` in so many days; `kept` is held for what is more important."""

    reason: str
    days: int
    taken: int
    most: int
    kept: int
    is_own: bool

    @property
    def is_left(self) -> bool:
        return self.taken + self.kept < self.most


async def room(person_id: int, channel: str, kind: str) -> list[Room]:
    """What `_take` would ask of this person now, limit by limit; none for a colleague, who is never held back."""
    if await rows("SELECT 1 FROM person WHERE id = ? AND kind = 'staff'", person_id):
        return []
    caps = (await Limits.of(channel)).caps
    taken = [(when(row[0]) or now(), str(row[1])) for row in await rows(
        "SELECT at, channel FROM touch WHERE person_id = ? AND is_counted = ? AND at > ?", person_id, True,
        days_ago(max(cap[1] for cap in caps)),
    )]  # fmt: skip
    kept, values = _kept(Wish(channel, kind, NOTHING))
    held = int((await rows(f"SELECT {kept} FROM (SELECT {int(person_id)} AS person) AS w", *values))[0][0])
    return [
        Room(reason, days, sum(at > days_ago(days) and (channel == on or not is_own) for at, on in taken), most,
             0 if is_own else held, is_own)
        for reason, days, most, is_own in caps
    ]  # fmt: skip


async def used(person_id: int) -> dict[int, int]:
    """How many touches the person got in the last 1, 7 and 30 days."""
    found = await rows(
        "SELECT COUNT(CASE WHEN at > ? THEN 1 END), COUNT(CASE WHEN at > ? THEN 1 END), COUNT(*) FROM touch"
        " WHERE person_id = ? AND at > ? AND is_counted = ?", days_ago(1), days_ago(7), person_id, days_ago(30), True,
    )  # fmt: skip
    return dict(zip((1, 7, 30), map(int, found[0]), strict=True))
