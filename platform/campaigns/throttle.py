"""Token buckets per sender and per recipient domain.

They live in the process: with n workers on one step, set a nth of the provider's limit. What is over a domain's rate
is put off in the ledger, never held in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Bucket:
    """`rate` a second, at most one second's worth at once. A rate of 0 is no limit."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.clock = clock
        self.held = max(1.0, rate)
        self.seen = clock()

    def wait(self) -> float:
        """Take one token; 0.0, or how many seconds until there will be one (none is taken then)."""
        if self.rate <= 0:
            return 0.0
        moment = self.clock()
        self.held = min(max(1.0, self.rate), self.held + (moment - self.seen) * self.rate)
        self.seen = moment
        if self.held >= 1:
            self.held -= 1
            return 0.0
        return (1 - self.held) / self.rate


class Domains:
    """`docomo.ne.jp` also means its subdomains."""

    def __init__(self, rates: dict[str, float]) -> None:
        self.buckets = {domain.lower(): Bucket(rate) for domain, rate in rates.items()}

    def wait(self, address: str) -> float:
        if not self.buckets:
            return 0.0
        domain = address.rpartition("@")[2].lower()
        while domain:
            if domain in self.buckets:
                return self.buckets[domain].wait()
            domain = domain.partition(".")[2]
        return 0.0
