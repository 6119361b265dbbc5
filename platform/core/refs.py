"""A pointer to any row of any room, so that lower rooms can speak of things they do not know."""

from __future__ import annotations

import msgspec


class Ref(msgspec.Struct, frozen=True, order=True):
    """`Ref("thread", 7)`; written `thread:7`."""

    kind: str
    id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        kind, _, number = text.partition(":")
        return cls(kind, int(number))
