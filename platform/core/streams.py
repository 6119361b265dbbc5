"""Open pages that are told what is new: server-sent events.

`stream(person_id, looking, joined)` answers with events until the page is left, the person may not see it any more,
or the process ends. `looking()` is asked whenever the seat's bell rings, and every HEARTBEAT seconds; it checks rights
again, reads through `visible_…` in short reads, never inside a transaction, and raises Gone when there is nothing more
to tell this person.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager

import msgspec
from litestar.response import Stream

from core.errors import TooMany
from core.i18n import _

HEARTBEAT = 15.0  # seconds; a proxy must not close a silent connection sooner
SEATS = 6  # open pages of one person in one process
SEATS_ALTOGETHER = 1000
SEATS_OF_STRANGERS = 500  # of them: who signs in, and staff first of all, finds a seat whoever else is here
REST = (0.1, 0.6)  # seconds, least and most, between two looks of one seat;
SHARE = 10  # between them, so many times what the last look took: many pages take turns
HEADERS = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}


class Gone(Exception):
    """Signed out, or not allowed any more."""


class Told(msgspec.Struct, frozen=True):
    """One event. `id` is all that the page knows once it has it: a browser that comes back sends the last one."""

    name: str
    id: str
    data: dict[str, str]

    def encoded(self) -> bytes:
        data = msgspec.json.encode(self.data)
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (self.id.encode(), self.name.encode(), data)


class Seat:
    """One open page; whoever knows that something changed rings its bell."""

    def __init__(self, person_id: int) -> None:
        self.person_id = person_id
        self.bell = asyncio.Event()

    async def heard(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT):
                await self.bell.wait()
        self.bell.clear()


class Hall:
    """Every open page of this process."""

    def __init__(self) -> None:
        self.seats: set[Seat] = set()
        self.taken: Counter[int] = Counter()
        self.is_closing = False

    def is_full(self, person_id: int) -> bool:
        """A negative id is somebody who is not signed in."""
        if person_id < 0 and sum(seat.person_id < 0 for seat in self.seats) >= SEATS_OF_STRANGERS:
            return True
        return self.taken[person_id] >= SEATS or len(self.seats) >= SEATS_ALTOGETHER

    @contextlib.contextmanager
    def seated(self, seat: Seat) -> Iterator[None]:
        self.seats.add(seat)
        self.taken[seat.person_id] += 1
        try:
            yield
        finally:
            self.seats.discard(seat)
            self.taken[seat.person_id] -= 1
            if not self.taken[seat.person_id]:
                del self.taken[seat.person_id]

    def open(self) -> None:
        """A process begins; or another house in the same one."""
        self.is_closing = False

    def close(self) -> None:
        """The process ends: a graceful stop would wait for pages that never end by themselves."""
        self.is_closing = True
        for seat in self.seats:
            seat.bell.set()


hall = Hall()
Looking = Callable[[], Awaitable[list[Told]]]
Joined = Callable[[Seat], AbstractContextManager[None]]


def stream(person_id: int, looking: Looking, joined: Joined) -> Stream:
    """`joined(seat)` is entered for as long as the page is open: it has the seat's bell rung. Raises TooMany."""
    if hall.is_full(person_id):
        raise TooMany(_("You have many pages open. Close some; this one is updated when you reload it."), 30)
    return Stream(_events(Seat(person_id), looking, joined), media_type="text/event-stream", headers=HEADERS)


async def _events(seat: Seat, looking: Looking, joined: Joined) -> AsyncIterator[bytes]:
    with hall.seated(seat), joined(seat):
        yield b"retry: 2000\n\n"
        while not hall.is_closing:
            began = time.perf_counter()
            try:
                told = await looking()
            except Gone:
                yield b"event: gone\ndata: {}\n\n"
                return
            took = time.perf_counter() - began
            yield b"".join(one.encoded() for one in told) or b": still here\n\n"
            await asyncio.sleep(min(max(REST[0], SHARE * took), REST[1]))
            if not hall.is_closing:
                await seat.heard()
