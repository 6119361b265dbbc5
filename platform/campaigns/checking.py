"""What checks of every channel have in common: a finding, the recipients in small parts, what is wrong with a link."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from campaigns import ledger
from campaigns.compose import address_of
from campaigns.variables import COLUMNS, JOINS, PRIMARY, values_of
from core.database import rows
from core.errors import Refused
from core.i18n import _
from core.settings import settings
from core.tasks import in_thread

CHUNK = 200
# Shorteners are what spam filters count against a sender, and nobody sees where they lead.
BAD_HOSTS = {"bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "example.com", "example.org", "localhost"}


class Check(msgspec.Struct, frozen=True):
    """`tone`: good, info, warn, bad. `name`: law, one_click, links, missing, consent, size, recipients, images; with
    line_ before it where it is of the LINE messages."""

    name: str
    tone: str
    title: str
    text: str = ""


async def people_rows(people: Sequence[int]) -> AsyncIterator[list[dict[str, Any]]]:
    """The values of every recipient, some hundred at once."""
    for at in range(0, len(people), CHUNK):
        chunk = json.dumps(list(people[at : at + CHUNK]))
        found = await rows(f"SELECT {COLUMNS} FROM person p" + JOINS.format(account=PRIMARY)
                           + f" WHERE p.id IN ({ledger.ids_sql()})", chunk)  # fmt: skip
        yield await in_thread(_values, found)


def _values(found: list[Any]) -> list[dict[str, Any]]:
    return [values_of(row) for row in found]


def wrong_link(target: str, *, is_named: bool) -> str:
    """Why nobody should be led there; empty when it is fine. `is_named`: it stands in link('…')."""
    if not target or target == "#":
        return _("A link leads nowhere: its address is empty.")
    if is_named or target.startswith("/"):
        try:
            target = address_of(target)
        except Refused as error:
            return error.sentence
    parts = urlsplit(target)
    own = urlsplit(settings().url).hostname
    if parts.scheme == "http" and parts.hostname != own:
        return _("%(address)s: http is not safe; use https.", address=target[:100])
    if parts.scheme not in ("https", "http", "mailto", "tel"):
        return _("%(address)s: write an https address or a path such as /help.", address=target[:100])
    host = (parts.hostname or "").lower()
    if host != own and (host in BAD_HOSTS or any(host.endswith(f".{bad}") for bad in BAD_HOSTS)):
        return _("%(address)s: this host is known as a bad one; link to the page itself.", address=target[:100])
    return ""
