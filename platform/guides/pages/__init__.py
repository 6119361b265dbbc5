"""The guides' pages for staff."""

from __future__ import annotations

import guides.plans
import guides.sentences  # noqa: F401  registers how guides read on the timeline
from core.i18n import lazy
from core.navigation import navigation
from guides.pages.audience import AudiencePages
from guides.pages.report import ReportPages, WhyPages
from guides.pages.rollout import EndPages, PilotPages, PublicationPages
from guides.pages.settings import ProductPages, SecretPages
from guides.pages.writing import GuidePages, PreviewPages, StepPages

navigation.add("staff", lazy("Guides"), "/staff/guides", may="guides.write", icon="guide", order=40, group=1, key="g")
navigation.add("settings", lazy("Guides in your product"), "/staff/settings/guides", may="settings.manage",
               icon="guide", order=70, group=4)  # fmt: skip

controllers = [GuidePages, StepPages, PreviewPages, AudiencePages, PilotPages, PublicationPages, EndPages, ReportPages,
               WhyPages, ProductPages, SecretPages]  # fmt: skip
