"""The community's pages."""

from __future__ import annotations

from community import in_help, pictures, policy, records
from community.pages.ask import AskPages
from community.pages.desk import DeskPages
from community.pages.duty import DutyPages
from community.pages.feeds import FeedPages
from community.pages.front import FrontPages
from community.pages.own import OwnPages
from community.pages.posts import PostPages
from community.pages.staff import StaffPages
from community.pages.thread import ThreadPages
from community.reading import duty
from community.routing import reading as calls
from core.context import here
from core.i18n import lazy
from core.navigation import navigation

__all__ = ["controllers", "in_help", "pictures"]  # what registers itself with rooms below
controllers = [FrontPages, AskPages, ThreadPages, PostPages, DeskPages, OwnPages, DutyPages, FeedPages, StaffPages]


async def waiting() -> int:
    """Reports and held posts on the boards of this person."""
    who = here().principal
    if not who.may_somewhere(policy.MODERATE):
        return 0
    return sum((await duty.counts(who, await records.boards())).values())


async def asked() -> int:
    """Questions that this person was asked to answer."""
    return await calls.count_mine(here().principal)


navigation.add("visitor", lazy("Community"), "/community", may="community.read", icon="talk", order=20)
navigation.add("member", lazy("My questions"), "/community/mine", may="signed_in", icon="chat", order=10)
navigation.add("member", lazy("Following"), "/community/following", may="signed_in", icon="bell", order=20)
navigation.add("member", lazy("Questions for you"), "/community/asked", may="signed_in", icon="bulb", order=25,
               count=asked)  # fmt: skip
navigation.add("member", lazy("Drafts"), "/community/drafts", may="signed_in", icon="edit", order=30)
navigation.add(
    "member", lazy("Duty"), "/community/duty", may="community.moderate", icon="leaf", order=40, count=waiting
)
navigation.add("staff", lazy("Community"), "/staff/community", may="community.moderate", icon="talk", order=20,
               group=2, count=waiting, key="m")  # fmt: skip
