"""What an open page of the inbox is told: the talk and the list, again when they changed.

The database is the truth. One look for all open pages of this process finds which conversations have a version that it
has not seen, in a window that is read again each time: on PostgreSQL the older change may be committed later. Then each
page is asked what it knows (the id of its last event) and given what differs, as this person may see it now.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

from access.identify import still
from core import ring
from core.clock import now
from core.context import here
from core.database import rows
from core.errors import NotFound
from core.pages import render
from core.streams import Gone, Seat, Told
from core.tasks import spawn
from inbox import own, reading, words
from inbox.customer import Customer

log = logging.getLogger("engawa.inbox")
LOOK = 0.4  # seconds between looks at what other processes wrote
PAUSE = 0.05  # at least, however often it rings here
WINDOW = timedelta(seconds=30)  # clocks may differ so much; what was missed all the same comes with the next heartbeat


class Watch:
    """Looks for changes as long as a page is open."""

    def __init__(self) -> None:
        self.seats: set[Seat] = set()
        self.known: dict[int, int] = {}
        self.task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def joined(self, seat: Seat) -> Iterator[None]:
        self.seats.add(seat)
        if self.task is None or self.task.done():
            self.task = spawn(self._watch(), "inbox watch")
        try:
            yield
        finally:
            self.seats.discard(seat)
            if not self.seats and self.task:
                self.task.cancel()
                self.task = None

    async def _watch(self) -> None:
        bell = asyncio.Event()
        ring.listen(bell)
        try:
            while True:
                await self._tried()
                await asyncio.sleep(PAUSE)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await bell.wait()
                bell.clear()
        finally:
            ring.unlisten(bell)

    async def _tried(self) -> None:
        try:
            await self.look()
        except Exception:  # the database is away for a moment: pages stay as they are
            log.exception("could not look for changed conversations; trying again")
            await asyncio.sleep(1)

    async def look(self) -> None:
        found = await rows("SELECT id, version FROM conversation WHERE changed_at > ?", now() - WINDOW)
        changed = {int(row[0]): int(row[1]) for row in found}
        is_new = changed.items() - self.known.items()
        self.known = changed
        if is_new:
            for seat in self.seats:
                seat.bell.set()


watch = Watch()
KNOWN = re.compile(r"\d{0,12}-[0-9a-f]{0,16}")


async def _again(capability: str) -> None:
    """Rights are those of this moment, not of when the page was opened."""
    principal = await still(here().request)
    if not principal.may_somewhere(capability):
        raise Gone
    here().principal = principal


class Desk:
    """A page of staff: what it knows is `<version of the talk>-<digest of the list>`."""

    def __init__(self, view: str, skip: int, current: int, known: str) -> None:
        self.view, self.skip, self.current = view, skip, current
        self.talk, _, self.list = (known if KNOWN.fullmatch(known) else "-").partition("-")

    async def look(self) -> list[Told]:
        await _again("inbox.answer")
        told = await self._talk() if self.current else []
        listed = await reading.conversations(self.view, self.skip)
        html = render("inbox/lines.html", listed=listed, current=self.current)
        digest = hashlib.sha256(html.encode()).hexdigest()[:16]
        if digest != self.list:
            self.list = digest
            told.append(Told("part", f"{self.talk}-{self.list}", {"name": "list", "html": html}))
        return told

    async def _talk(self) -> list[Told]:
        version = str(await reading.version(self.current) or "")
        if version in ("", self.talk):
            return []
        try:
            opened = await reading.conversation(self.current)
        except NotFound:  # given away in this very moment
            return []
        self.talk = str(opened.conversation.version)
        html = render("inbox/turns.html", open=opened, sending=words.SENDING, refusals=words.REFUSALS)
        return [Told("part", f"{self.talk}-{self.list}", {"name": "talk", "html": html})]


class Own:
    """A customer's contact page: what it knows is `<conversation>-<version>`."""

    def __init__(self, who: Callable[[], Awaitable[Customer | None]], known: str) -> None:
        self.who, self.known = who, known

    async def look(self) -> list[Told]:
        here().principal = await still(here().request)
        customer = await self.who()
        if customer is None:
            raise Gone
        conversation = await own.current(customer)
        if conversation is None or self.known == f"{conversation.id}-{conversation.version}":
            return []
        self.known = f"{conversation.id}-{conversation.version}"
        data = {
            "name": "talk",
            "number": str(conversation.message_count),
            "html": await own.talk(conversation, customer),
        }
        return [Told("part", self.known, data)]
