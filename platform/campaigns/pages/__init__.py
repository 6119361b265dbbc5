"""The campaigns' pages for staff, and what readers open from a mail."""

from __future__ import annotations

import campaigns.plans  # noqa: F401  registers what the calendar shows
from campaigns.pages.following import FollowingPages
from campaigns.pages.journey_people import JourneyPeoplePages, JourneyPilotPages, WayPages
from campaigns.pages.journey_steps import StepPages
from campaigns.pages.journeys import JourneyPages, JourneyStatePages
from campaigns.pages.line import LinePages
from campaigns.pages.news import NewsPages
from campaigns.pages.pictures import PicturePages
from campaigns.pages.readers import LinkPages, UnsubscribePages
from campaigns.pages.report import ReportPages
from campaigns.pages.trying import CheckPages, PilotPages, SchedulePages
from campaigns.pages.writing import CampaignPages, RecipientPages, SenderPages
from channels.mailbox_pages import controllers as mailbox
from core.i18n import lazy
from core.navigation import navigation

navigation.add("staff", lazy("Campaigns"), "/staff/campaigns", may="campaigns.read", icon="send", order=30, group=1,
               key="s")  # fmt: skip
navigation.add("visitor", lazy("News"), "/news", may="anyone", order=30)

navigation.add("settings", lazy("Mailbox"), "/staff/mailbox", may="settings.manage", icon="mail", order=60, group=4)

# The mailbox stands with the room that fills it most; channels has no pages of its own to list it.
controllers = [*mailbox, CampaignPages, LinePages, RecipientPages, SenderPages, CheckPages, PilotPages, SchedulePages,
               ReportPages, FollowingPages, JourneyPages, JourneyStatePages, StepPages, JourneyPilotPages,
               JourneyPeoplePages, WayPages, NewsPages, UnsubscribePages, LinkPages, PicturePages]  # fmt: skip
