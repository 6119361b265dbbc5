"""The inbox of staff and the contact page of members."""

from __future__ import annotations

from core.context import here
from core.i18n import lazy
from core.navigation import navigation
from helpcenter.asking import Way, ways
from inbox import reading
from inbox.pages.contact import AddressPages, ContactPages, ReturnPages
from inbox.pages.desk import DeskPages
from inbox.pages.furnishing import LABELS, REPLIES, CannedPages, LabelPages
from inbox.pages.talk import TalkPages
from inbox.pages.trials import TRIALS, TrialPages

controllers = [DeskPages, TalkPages, ContactPages, AddressPages, ReturnPages, CannedPages, LabelPages, TrialPages]


async def waiting() -> int:
    return await reading.waiting_count() if here().principal.may("inbox.answer") else 0


navigation.add("staff", lazy("Inbox"), "/staff/inbox", may="inbox.answer", icon="inbox", order=10, group=1,
               count=waiting, hot=True, key="i")  # fmt: skip
navigation.add("visitor", lazy("Contact"), "/contact", may="anyone", icon="mail", order=40)
navigation.add("settings", lazy("Canned replies"), REPLIES, may="inbox.answer", icon="quote", order=50, group=3)
navigation.add("settings", lazy("The bot’s pilot"), TRIALS, may="settings.manage", icon="bolt", order=48, group=3)
navigation.add("settings", lazy("Labels"), LABELS, may="settings.manage", icon="pin", order=52, group=3)
ways.append(Way(lazy("Contact us"), "/contact", parameter="question", order=10))
