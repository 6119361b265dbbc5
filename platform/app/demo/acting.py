"""Acting as somebody of the demo, at a moment of the past, through the same sign-in as anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from access import identify, sessions
from app.demo.files import Known
from core.clock import as_of
from core.context import here
from core.principal import NOBODY, Principal

_links = re.compile(r"\b(article|thread|board):([A-Za-z0-9-]+)")


class Cast:
    """The people of the demo as principals, each signed in once."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._met: dict[str, Principal] = {}

    async def be(self, id: str) -> Principal:
        if id not in self._met:
            token = await sessions.open_session(self.known.people[id])
            found = await identify.find(token)
            self._met[id] = found.principal if found else NOBODY
        return self._met[id]

    async def leave(self) -> None:
        """End the sessions that the loading opened."""
        for principal in self._met.values():
            if principal.person_id is not None:
                await sessions.close_all_sessions(principal.person_id)

    def linked(self, text: str) -> str:
        """`article:001` and `thread:T026` become addresses; a thread that is yet to come, its board."""

        def address(found: re.Match[str]) -> str:
            kind, id = found.groups()
            if kind == "article":
                return f"/help/{self.known.articles[id]}"
            if kind == "thread" and id in self.known.threads:
                return f"/community/{self.known.threads[id]}"
            return f"/community/b/{id}" if kind == "board" else "/community"

        return _links.sub(address, text)


@contextmanager
def at(moment: datetime, who: Principal) -> Iterator[None]:
    """Inside, it is `moment` and `who` acts."""
    before = here().principal
    here().principal = who
    try:
        with as_of(moment):
            yield
    finally:
        here().principal = before
