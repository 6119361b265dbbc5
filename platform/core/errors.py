"""Refusals: exceptions that carry a sentence for a person.

A form mistake is a value, not an exception (core.forms); anything else that is raised is a bug and a 500.
"""

from __future__ import annotations

from typing import NamedTuple


class Refused(Exception):
    """The house says no, and why. The sentence is shown as it is, so it is already translated."""

    status = 422

    def __init__(self, sentence: object = "") -> None:
        super().__init__(str(sentence))
        self.sentence = str(sentence)


class Unreadable(Refused):
    """The request is not what this address reads."""

    status = 400


class Wrong(NamedTuple):
    """A mistake of one field of an API's body; `pointer` is RFC 6901 (`#/name`)."""

    pointer: str
    detail: str


class Invalid(Refused):
    """Mistakes in the body of an API's request: each with its place."""

    def __init__(self, wrong: list[Wrong]) -> None:
        super().__init__(" ".join(dict.fromkeys(one.detail for one in wrong))[:500])
        self.wrong = wrong


class Unauthenticated(Refused):
    """Nobody is signed in, or the signature is wrong."""

    status = 401


class Forbidden(Refused):
    status = 403


class NotFound(Refused):
    """There is no such thing, or this person may not know that there is."""

    status = 404


class Conflict(Refused):
    """Somebody was faster, or the thing exists already."""

    status = 409


class TooLarge(Refused):
    status = 413


class TooMany(Refused):
    """The caller is over a limit; `retry_after` is in seconds."""

    status = 429

    def __init__(self, sentence: object = "", retry_after: int = 30) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Elsewhere(Forbidden):
    """Something has to be done first, at `href`: where a browser is sent."""

    def __init__(self, sentence: object, href: str) -> None:
        super().__init__(sentence)
        self.href = href
