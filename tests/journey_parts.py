"""Journeys for tests: built through the verbs, tried, started; and time that passes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from campaigns import actions
from campaigns.compose import Draft
from campaigns.journeys import starting, writing
from campaigns.journeys.models import Journey, Run
from campaigns.journeys.tree import Place, Stage
from campaigns.models import Campaign
from campaigns_parts import MJML, a_reader, a_segment
from core.clock import now
from core.database import dialect, rows, write
from customers import segments
from customers.models import SegmentMember

HOW = {"journey_run": ("since", "due_at", "entered_at", "ended_at"), "journey_move": ("at",), "event": ("at",),
       "delivery": ("due_at", "sent_at", "changed_at"), "touch": ("at",), "segment_member": ("since",),
       "journey": ("since",), "touch_hold": ("held_at", "release_at", "worth_until", "changed_at")}  # fmt: skip


async def time_passes(**delta: float) -> None:
    """Everything that happened is so much longer ago: the clock is moved, and nobody waits."""
    gone = timedelta(**delta)
    for table, columns in HOW.items():
        if dialect() == "postgresql":
            said = ", ".join(f"{one} = {one} - CAST(? AS interval)" for one in columns)
            await write(f"UPDATE {table} SET {said}", *[gone] * len(columns))
        else:
            moved = "strftime('%Y-%m-%d %H:%M:%f000+00:00', {one}, ?)"
            said = ", ".join(f"{one} = {moved.format(one=one)}" for one in columns)
            await write(f"UPDATE {table} SET {said}", *[f"-{gone.total_seconds():.3f} seconds"] * len(columns))
    await write("UPDATE promise SET due_at = ? WHERE state = 'waiting' AND name LIKE 'campaigns.%'", now())


async def did(person: Any, name: str) -> None:
    await write("INSERT INTO event (message_id, name, kind, person_id, properties, at, received_at, source)"
                " VALUES (?, ?, 'track', ?, '{}', ?, ?, '')", f"{name}{person.id}{now()}", name, person.id, now(),
                now())  # fmt: skip


async def a_journey(people: Any = (), **rules: Any) -> Journey:
    segment = await a_segment(list(people))
    chosen = writing.Rules("はじめの30日", "usage", segment_id=segment.id)
    for name, value in rules.items():
        setattr(chosen, name, value)
    return await writing.open_journey(chosen)


async def add(journey: Journey, kind: str, place: str = "", *, subject: str = "件名", **fields: Any) -> Stage:
    """At `place`, or below everything."""
    at = Place.read(place) if place else Place(index=99)
    stage = await writing.add_step(journey, at, Stage("", kind, **({} if kind == "send" else {"subject": subject}
                                   if kind == "again" else {}) | fields), mail=subject)  # fmt: skip
    if kind == "send":
        await actions.keep_content(await Campaign.get(id=stage.campaign), Draft(subject, MJML))
    return stage


async def started(journey: Journey, run_jobs: Any) -> Journey:
    """Through its pilot, with one reader who is nowhere else."""
    await tried(journey, run_jobs)
    await starting.start(journey)
    await run_jobs()
    return journey


async def tried(journey: Journey, run_jobs: Any) -> None:
    tester = await a_reader(900 + await Run.all().count())
    await starting.start_pilot(journey, "社内の1人", [tester.id])
    await run_jobs()
    await starting.judge(journey, True, "よい")
    await journey.refresh_from_db()


async def comes(journey: Journey, *people: Any) -> None:
    """Into the segment of the journey, now."""
    await SegmentMember.bulk_create(
        [SegmentMember(segment_id=journey.segment_id, person_id=one.id, since=now()) for one in people]
    )


async def subjects(smtp: Any, person: Any) -> list[str]:
    return [str(one.parsed["Subject"]) for one in smtp.mails_to(person.email)]


async def ways(journey: Journey) -> list[tuple[str, str, str]]:
    """(name, state, node) of everybody but the pilot, in the order of people."""
    found = await rows(
        "SELECT p.family_name, r.state, r.node, r.reason FROM journey_run r JOIN person p ON p.id = r.person_id"
        " WHERE r.journey_id = ? AND NOT r.is_pilot ORDER BY p.id, r.entry", journey.id,
    )  # fmt: skip
    return [(row[0], row[1], row[2]) for row in found]


async def path(person: Any) -> list[tuple[str, str]]:
    found = await rows("SELECT node, what FROM journey_move WHERE person_id = ? ORDER BY run_id, number", person.id)
    return [(row[0], row[1]) for row in found]


async def a_list(*people: Any) -> int:
    return (await segments.save_list("名簿", [one.id for one in people])).id
