"""Kinds, states and reasons as people read them."""

from __future__ import annotations

from core.i18n import lazy

KINDS = {
    "banner": lazy("Banner"), "modal": lazy("Window"), "tooltip": lazy("Tip or tour"), "checklist": lazy("Checklist"),
    "survey": lazy("NPS survey"),
}  # fmt: skip
KIND_HINTS = {
    "banner": lazy("One line along the top, with a link"),
    "modal": lazy("In the middle, before anything else is done"),
    "tooltip": lazy("Beside an element of the product; several in a row are a tour"),
    "checklist": lazy("What to do first, ticked off by itself"),
    "survey": lazy("0 to 10, and why"),
}
STATES = {
    "draft": lazy("Draft"), "pilot": lazy("On trial"), "live": lazy("Live"), "paused": lazy("Paused"),
    "ended": lazy("Ended"),
}  # fmt: skip
TONES = {"pilot": "info", "live": "good", "paused": "warn"}
FREQUENCIES = {
    "once": lazy("Once"),
    "until_closed": lazy("On every visit until it is closed"),
    "repeat": lazy("Again after some days"),
}
PLACEMENTS = {"": lazy("Where there is room"), "bottom": lazy("Below"), "top": lazy("Above"), "right": lazy("Right"),
              "left": lazy("Left")}  # fmt: skip
# Why somebody does not get a guide: what guides.deciding, showing and why say.
REASONS = {
    "not_live": lazy("The guide is not live"),
    "not_in_pilot": lazy("On trial, and the person is not in the group"),
    "not_in_segment": lazy("Not in the segment"),
    "too_early": lazy("It has not started yet"),
    "over": lazy("It is over"),
    "wait": lazy("Shown too recently to come again"),
    "completed": lazy("The person went through it"),
    "dismissed": lazy("The person closed it"),
    "seen": lazy("The person saw it; it comes once"),
    "most_views": lazy("Shown as often as it may be"),
    "gap": lazy("Another guide was shown shortly before"),
    "survey_gap": lazy("Another survey was shown not long ago"),
    "held_out": lazy("One of those who are shown nothing, for comparison"),
    "budget": lazy("The person has reached the limit of touches"),
    "no_identity": lazy("The product has not signed in this person yet"),
    "inactive": lazy("The person is not active any more"),
    "elsewhere": lazy("The address does not match"),
}
