"""What an administrator types about a connection."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.forms import Line, Meta

Wanted = Annotated[str, Meta(min_length=8, max_length=1000, extra={"kind": "secret"})]
Many = Annotated[str, Meta(max_length=2000)]


class NewLine(msgspec.Struct):
    name: Annotated[Line, Meta(min_length=1, max_length=120)]
    channel_secret: Wanted
    access_token: Wanted


class NewSlack(msgspec.Struct):
    name: Annotated[Line, Meta(min_length=1, max_length=120)]
    signing_secret: Wanted
    bot_token: Wanted


class LineSettings(msgspec.Struct):
    provider: Annotated[Line, Meta(max_length=120)] = ""
    forward_to: Annotated[str, Meta(max_length=500)] = ""


class SlackSettings(msgspec.Struct):
    teams: Many = ""
    trusts_email: Many = ""


__all__ = ["LineSettings", "NewLine", "NewSlack", "SlackSettings"]
