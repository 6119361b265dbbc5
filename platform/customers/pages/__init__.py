"""What staff and customers see of customers."""

from __future__ import annotations

from typing import Any

from core.context import current_principal
from core.i18n import lazy
from core.navigation import navigation
from customers import notices
from customers.pages import (
    accounts,
    attention,
    calendar,
    contracts,
    departments,
    files,
    goals,
    incoming,
    merges,
    noticing,
    own,
    people,
    personal_data,
    phases,
    privacy,
    request_list,
    requests,
    reviews,
    segment_why,
    segments,
    settings,
    source_ranks,
    steering,
    task_list,
    task_rule,
    tasks,
    team,
    topics,
    tracking,
    voices,
    write_keys,
)

controllers: list[Any] = [
    accounts.AccountPages, people.PersonPages, segments.SegmentPages, segment_why.SegmentWhyPages, files.ImportPages,
    reviews.ReviewPages, merges.MergePages, personal_data.PersonalDataPages,
    own.OwnPages, noticing.NoticeWayPages, noticing.NoticeLetterPages, settings.RulePages,
    topics.TopicPages, tracking.SegmentCalls, tracking.PostHogCalls,
    source_ranks.SourceRankPages, incoming.Receiving, incoming.IncomingPages,
    write_keys.WriteKeyPages, steering.SteeringPages, goals.GoalPages, contracts.ContractPages,
    tasks.TaskPages, task_list.TaskListPages, request_list.RequestListPages, requests.RequestPages,
    voices.VoicePages, voices.OwnRequestPages,
    task_rule.TaskRulePages, phases.PhasePages, team.TeamPages, privacy.PrivacyPages, attention.AttentionPages,
    attention.HoldPages, departments.DepartmentPages, calendar.CalendarPages, calendar.TouchPages,
]  # fmt: skip


async def unread() -> int:
    """For the bell."""
    return await notices.unread_count(current_principal().person_id or 0)


navigation.add("staff", lazy("Customers"), "/staff/customers", may="customers.read", icon="people", order=20, group=1,
               key="c")  # fmt: skip
navigation.add("member", lazy("What I receive"), "/me/contact", may="signed_in", icon="mail", order=60)
navigation.add_bell("/notices", unread)
