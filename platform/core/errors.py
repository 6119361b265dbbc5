"""Refusals: exceptions that carry a sentence for a person.

A form mistake is a value, not an exception (core.forms); anything else that is raised is a bug and a 500.
"""

from __future__ import annotations


class Refused(Exception):
    """The house says no, and why. The sentence is shown as it is, so it is already translated."""

    status = 422

    def __init__(self, sentence: object = "") -> None:
        super().__init__(str(sentence))
        self.sentence = str(sentence)


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
