"""How much a sign says: the share that left of those who showed it, with its interval, and the lift over everybody.

The interval is Wilson's score interval (E. B. Wilson, JASA 22, 1927) at 95 %; a lift is that share ÷ the share that
left of all. A sign is called sure where even the lower end lies above the share of all.
"""

from __future__ import annotations

from math import sqrt

import msgspec

Z = 1.959964  # of 95 %


class Found(msgspec.Struct):
    """What one sign showed. `lost`, `stayed`: how many had it; `days`: the median of first seen, before leaving."""

    name: str
    lost: int
    stayed: int
    lost_of: int
    stayed_of: int
    each_stayed: float = 1.0
    days: int | None = None

    @property
    def share(self) -> float:
        """That left, of those with the sign; 0–1."""
        return _share(self.lost, self.stayed * self.each_stayed)

    @property
    def base(self) -> float:
        return _share(self.lost_of, self.stayed_of * self.each_stayed)

    @property
    def lift(self) -> float:
        return self.share / self.base if self.base else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.share, self.lost + self.stayed)

    @property
    def is_sure(self) -> bool:
        return self.interval[0] > self.base + 1e-9


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest else 0.0


def wilson(share: float, n: int) -> tuple[float, float]:
    """Of a share seen in `n` cases; (0, 1) where there is none."""
    if not n:
        return 0.0, 1.0
    middle = share + Z * Z / (2 * n)
    around = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, (middle - around) / (1 + Z * Z / n)), min(1.0, (middle + around) / (1 + Z * Z / n))
