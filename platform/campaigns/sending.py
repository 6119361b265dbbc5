"""A worker on a step: claims, renders, writes its intent, sends, acknowledges in group commits.

    preparer: claim ≤500 → letters          coordinator: one transaction acknowledges what ended and writes the
    hands: one connection's worth each                   intent for as many letters as hands are free

At most `width` deliveries are ever `attempting`: that is all that a kill can make ambiguous.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from datetime import timedelta
from typing import Any, Protocol

from campaigns import claims
from campaigns.claims import ATTEMPTS, Result
from campaigns.language import Missed, TooMuch
from campaigns.models import Campaign, Step
from campaigns.throttle import Bucket, Domains
from channels.senders import MailAccount
from channels.smtp import Outcome
from core.clock import now
from core.database import transaction
from core.errors import Refused
from core.tasks import finish, spawn

log = logging.getLogger("engawa.campaigns")
RETRY = timedelta(minutes=1)  # doubled each time, to an hour: grey lists open after some minutes
RENEW = 2.5  # seconds
LANDING = 5.0  # seconds
LINGER = 0.02  # seconds that a result may wait for company
OURS = {"connect", "ehlo", "starttls", "auth", "month"}  # stages at which the server refuses us, not a person


class Lease:
    """Until when this worker may finish what it began. A frozen worker's lease stays over."""

    def __init__(self) -> None:
        self.until = time.monotonic() + claims.LEASE.total_seconds()

    def holds(self) -> bool:
        return time.monotonic() < self.until


class Press(Protocol):
    """Makes what one way takes: mails (campaigns.outgoing), or messages of one LINE channel (campaigns.line.way)."""

    place: claims.Place

    async def look_up(self, claimed: list[Any]) -> None:
        """Whatever is asked for a whole claim at once."""

    def letter(self, row: Any) -> Any:
        """Raises Missed, TooMuch or Refused. It has a `recipient` and a `message_id`, empty where the other side
        gives it."""

    async def close_address(self, address: str, reason: str) -> None:
        """Nobody is there: in the caller's transaction, never written to again."""

    def may_repeat(self, row: Any, attempt: int) -> bool:
        """Whether what may have arrived is sent again."""


class Out(Protocol):
    """Takes letters of its press; `width` at once."""

    width: int

    async def send(self, letter: Any, may_still: Any = None) -> Outcome: ...
    async def close(self) -> None: ...


class Worker:
    """`await Worker(step, campaign, press, out, account).run()`: until nothing is due, or the step is stopped."""

    def __init__(self, step: Step, campaign: Campaign, press: Press, out: Out, account: MailAccount, *,
                 needs_consent: bool = True, name: str = "") -> None:  # fmt: skip
        self.step, self.campaign, self.press, self.out = step, campaign, press, out
        self.needs_consent = needs_consent
        self.name = name or f"c-{secrets.token_hex(8)}"
        self.width = out.width
        self.sender_bucket, self.domains = Bucket(account.rate), Domains(account.domain_rates)
        self.most = min(claims.CLAIM_AT_ONCE, max(1, int(account.rate))) if account.rate else claims.CLAIM_AT_ONCE
        self.ready: deque[tuple[Any, Any]] = deque()
        self.outbox: asyncio.Queue[tuple[Any, Any, Lease]] = asyncio.Queue()
        self.results: list[Result] = []
        self.dead: list[tuple[str, str]] = []
        self.flying = 0
        self.is_claimed_out = False
        self.trouble = ""
        self.stopped = False
        self.lease = Lease()
        self.changed = asyncio.Event()
        self.room = asyncio.Event()
        self.sent = 0

    async def run(self) -> int:
        """Returns how many were sent. `trouble` says why it stopped early: the server does not take us."""
        tasks = [spawn(self._prepare(), "campaign-prepare"), spawn(self._keep(), "campaign-lease")]
        tasks += [spawn(self._hand(), "campaign-hand") for _ in range(self.width)]
        try:
            await self._coordinate(tasks[0])
        except asyncio.CancelledError:
            self.stopped = True
            await finish(self._land())
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await claims.release(self.name)
        return self.sent

    async def _land(self) -> None:
        """Stopped from outside (a restart): what is in the air may land, and is acknowledged."""
        end = time.monotonic() + LANDING
        while self.flying and time.monotonic() < end:
            await asyncio.sleep(0.05)
        await self._turn(0)

    # preparing

    async def _prepare(self) -> None:
        while not self._ends():
            claimed = await claims.claim(self.step, self.campaign, self.name, self.most,
                                         needs_consent=self.needs_consent, place=self.press.place)  # fmt: skip
            if not claimed:
                break
            await self.press.look_up(claimed)
            for row in claimed:
                if self._ends():
                    break
                await self._make(row)
        self.is_claimed_out = True
        self.changed.set()

    def _ends(self) -> bool:
        return self.stopped or bool(self.trouble)

    async def _make(self, row: Any) -> None:
        if self.press.place == claims.MAIL and (late := self.domains.wait(row["email"])):
            await claims.put_off(self.name, [row["id"]], now() + timedelta(seconds=late))
            return
        while late := self.sender_bucket.wait():
            await asyncio.sleep(late)
        while len(self.ready) >= 2 * self.width and not self._ends():
            self.room.clear()
            await self.room.wait()
        try:
            letter = self.press.letter(row)
        except (Missed, TooMuch, Refused) as error:
            await claims.skip(self.name, row["id"], _why(error))
            return
        self.ready.append((row, letter))
        self.changed.set()
        # One letter at a time: pages and webhooks have their turn in between.
        await asyncio.sleep(0)

    # coordinating

    async def _coordinate(self, preparing: asyncio.Task[None]) -> None:
        while True:
            free = self.width - self.flying
            if preparing.done() and preparing.exception():
                raise preparing.exception()  # type: ignore[misc]
            if self.is_claimed_out and not self.ready and not self.flying:
                if not self.results:
                    return
                await self._turn(0)
            elif self._is_worth_a_turn(free):
                await finish(self._turn(0 if self._ends() else free))
                if self._ends():
                    self.ready.clear()
                    self.room.set()
            else:
                await self._wait()

    def _is_worth_a_turn(self, free: int) -> bool:
        if self._ends():
            return bool(self.results) or bool(self.ready)
        enough = max(1, self.width // 2)
        return (free >= enough and (len(self.ready) >= enough or (self.is_claimed_out and bool(self.ready)))) or (
            len(self.results) >= self.width
        )

    async def _wait(self) -> None:
        self.changed.clear()
        try:
            async with asyncio.timeout(LINGER if self.results or self.ready else 1.0):
                await self.changed.wait()
                return
        except TimeoutError:
            pass
        if self.results or (self.ready and self.flying < self.width):
            await finish(self._turn(0 if self._ends() else self.width - self.flying))

    async def _turn(self, free: int) -> None:
        """One transaction: what ended is acknowledged, what begins is meant."""
        batch = [self.ready.popleft() for _ in range(min(free, len(self.ready)))]
        self.room.set()
        results, self.results = self.results, []
        dead, self.dead = self.dead, []
        lease = self.lease
        async with transaction():
            meant = await claims.turn(self.step, self.name, [row["id"] for row, _letter in batch], results)
            for address, reason in dead:
                await self.press.close_address(address, reason)
        if batch and not meant:
            self.stopped = await self._is_stopped()
        for row, letter in batch:
            if row["id"] in meant:
                self.flying += 1
                self.outbox.put_nowait((row, letter, lease))

    async def _is_stopped(self) -> bool:
        step = await Step.get_or_none(id=self.step.id)
        return step is None or step.state != "sending"

    # sending

    async def _hand(self) -> None:
        while True:
            row, letter, lease = await self.outbox.get()
            try:
                outcome = await self.out.send(letter, lease.holds)
            except Exception as error:  # the outside world: nobody knows how far it came
                log.exception("delivery %s broke", row["id"])
                outcome = Outcome("uncertain", f"{type(error).__name__}: {error}")
            self._note(row, letter, outcome)

    def _note(self, row: Any, letter: Any, outcome: Outcome) -> None:
        attempt = int(row["attempt"]) + 1
        state, reason, due = self._judged(row, outcome, attempt)
        named = (letter.message_id or outcome.name) if state == "sent" else ""
        self.results.append(
            Result(row["id"], attempt, state, reason, named, due, may_have_arrived=outcome.kind == "uncertain")
        )
        if outcome.is_dead_address:
            self.dead.append((letter.recipient, outcome.reason))
        self.sent += state == "sent"
        self.flying -= 1
        self.changed.set()

    def _judged(self, row: Any, outcome: Outcome, attempt: int) -> tuple[str, str, Any]:
        if outcome.kind == "sent":
            return "sent", "", None
        if outcome.kind == "refused":
            return "failed", outcome.reason, None
        later = now() + max(timedelta(seconds=outcome.seconds), min(RETRY * 2 ** (attempt - 1), timedelta(hours=1)))
        if outcome.kind == "uncertain":
            again = self.press.may_repeat(row, attempt)
            return ("frozen", outcome.reason, later) if again else ("uncertain", outcome.reason, None)
        if outcome.stage == "lease":
            return "frozen", "", now()
        if outcome.stage in OURS:
            self.trouble = outcome.reason
            return "frozen", outcome.reason, now()
        if outcome.stage == "rate":
            return "frozen", outcome.reason, now() + timedelta(seconds=outcome.seconds)
        if attempt >= ATTEMPTS:
            return "failed", outcome.reason, None
        return "frozen", outcome.reason, later

    # the lease

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(RENEW)
            began, held = time.monotonic(), self.lease.holds()
            await claims.renew(self.name)
            if held and self.lease.holds():
                self.lease.until = began + claims.LEASE.total_seconds()
            else:
                # Frozen past the lease: what is under way may be another's by now, and may not be finished here.
                self.lease = Lease()


def _why(error: Exception) -> str:
    if isinstance(error, Missed):
        return f"missing:{error.name}"
    return f"too_much:{error}" if isinstance(error, TooMuch) else f"address:{error}"
