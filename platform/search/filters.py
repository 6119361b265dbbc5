"""What a reader may see, said once, before anything is ranked or counted."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

EVERYTHING = "*"  # the token of a reader who sees every document (staff of all accounts, the system)


class Filter(msgspec.Struct, frozen=True):
    tokens: frozenset[str]
    lang: str | None = None
    kinds: frozenset[str] | None = None
    brand: str | None = None

    def admits(self, audience: frozenset[str], kind: str, lang: str, brand: str) -> bool:
        return (
            (EVERYTHING in self.tokens or not self.tokens.isdisjoint(audience))
            and (self.lang is None or lang == self.lang)
            and (self.kinds is None or kind in self.kinds)
            and (self.brand is None or brand in ("", self.brand))
        )


def filter_of(
    tokens: Iterable[str], lang: str | None = None, kinds: Iterable[str] | None = None, brand: str | None = None
) -> Filter:
    return Filter(frozenset(tokens), lang, None if kinds is None else frozenset(kinds), brand)
