"""The vocabulary of the attention budget: what is sent for, with which right of way, and why something was held."""

from __future__ import annotations

import msgspec

from core.i18n import lazy

WINDOWS = {"day": 1, "week": 7, "month": 30}
CHANNELS = ("email", "line", "slack", "in_app")


class Kind(msgspec.Struct, frozen=True):
    """`priority`: more goes first. What `passes` is never held and not counted, but written down."""

    label: lazy
    priority: int = 1
    passes: bool = False


KINDS = {
    "reply": Kind(lazy("Reply to somebody who wrote"), 9, passes=True),
    "transactional": Kind(lazy("Needed for what the person does"), 9, passes=True),
    "legal": Kind(lazy("Required by law"), 9, passes=True),
    "notice": Kind(lazy("Notices that they did not read at the bell"), 9, passes=True),
    "campaign": Kind(lazy("Newsletter"), 2),
    "guide": Kind(lazy("Guide in the product")),
    "survey": Kind(lazy("Survey in the product")),
}
OTHER = Kind(lazy("Automatic message"))

REASONS = {
    "quiet": lazy("Quiet hours where they are"),
    "day": lazy("The limit of 24 hours, over all channels"),
    "week": lazy("The limit of 7 days, over all channels"),
    "month": lazy("The limit of 30 days, over all channels"),
    "channel_day": lazy("The limit of 24 hours on this channel"),
    "channel_week": lazy("The limit of 7 days on this channel"),
    "channel_month": lazy("The limit of 30 days on this channel"),
    "kept": lazy("The room is kept for something more important"),
}
STATES = {
    "held": lazy("Held"),
    "released": lazy("Sent later"),
    "expired": lazy("Not sent: too late"),
    "refused": lazy("Left out"),
    "dropped": lazy("Withdrawn"),
}
TONES = {"held": "info", "released": "good", "expired": "warn", "refused": "warn"}


def kind_of(name: str) -> Kind:
    return KINDS.get(name, OTHER)
