"""Rules of this room that a company sets as data: tier thresholds, retention, the attention budget, core features."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from core.audit import audit
from core.clock import now
from core.database import rows, transaction, write
from core.refs import Ref


class TierRule(msgspec.Struct, frozen=True):
    """Expected LTV in whole units of the installation's currency; see docs/customers.md for the formula.

    `monthly_churn_permille` is the chance that a subscription ends within a month: 15 means 1.5 %.
    """

    high_from: int = 10_000_000
    low_from: int = 1_000_000
    monthly_churn_permille: int = 15
    horizon_months: int = 60


class AttentionRule(msgspec.Struct, frozen=True):
    """How many automatic touches a person may get, over all channels, in 24 hours, 7 and 30 days."""

    per_day: int = 2
    per_week: int = 5
    per_month: int = 12


class ChannelRule(msgspec.Struct, frozen=True):
    """What a person may get on one channel, within the limits over all of them; 0: no limit of its own.

    LINE counts every message that is no answer against a quota that is paid for, and a block there is for good.
    """

    email_day: int = 0
    email_week: int = 0
    email_month: int = 0
    line_day: int = 1
    line_week: int = 2
    line_month: int = 6
    slack_day: int = 1
    slack_week: int = 3
    slack_month: int = 8
    in_app_day: int = 0
    in_app_week: int = 0
    in_app_month: int = 0


class QuietRule(msgspec.Struct, frozen=True):
    """When nothing that the company starts reaches a person, by their own clock; the same hour twice: never quiet.

    What was held leaves within `spread_minutes` after the end, evenly. After `worth_hours` it is not worth sending.
    """

    quiet_from: str = "21:00"
    quiet_until: str = "08:00"
    spread_minutes: int = 120
    worth_hours: int = 72


class BotPilotRule(msgspec.Struct, frozen=True):
    """How many conversations staff answer with a bot's suggestions before it may answer alone."""

    conversations: int = 20


class HealthRule(msgspec.Struct, frozen=True):
    """Which events are core features, which one means that somebody signed in, and which that they bought."""

    core_features: tuple[str, ...] = ()
    purchases: tuple[str, ...] = ("Order Completed", "purchase")
    login: str = "signed_in"
    login_days_goal: int = 12
    half_life_days: int = 90  # of opinions
    drop_points: int = 10  # a fall by so much within 28 days is an alert; 0: never


class PhaseRule(msgspec.Struct, frozen=True):
    """`entry`: phase → the tree of questions about a company with which it enters; `weights`: phase → measure → weight.

    A phase without a tree is entered by hand or by imports only.
    """

    entry: dict[str, Any] = {}
    weights: dict[str, dict[str, int]] = {}


class CapacityRule(msgspec.Struct, frozen=True):
    """How many accounts of each tier one CSM can look after (Box Japan: 10, 50, 1,000); see customers.capacity."""

    high: int = 10
    low: int = 50
    tech: int = 1000


class TaskRule(msgspec.Struct, frozen=True):
    """Which tasks open by themselves; see customers.tasks. A contract's opens `renewal_days` before it renews."""

    goal: bool = True
    detractor: bool = True
    health: bool = True
    renewal: bool = True
    question: bool = True
    journey: bool = True
    renewal_days: int = 90

    def wants(self, kind: str) -> bool:
        return bool(getattr(self, kind))


class FieldRule(msgspec.Struct, frozen=True):
    """Field (customers.seeing.FIELDS) → slugs of the roles that may not see it."""

    hidden: dict[str, tuple[str, ...]] = {}


class RetentionRule(msgspec.Struct, frozen=True):
    """Table (customers.retention) → days; a table that is not named is kept for ever."""

    days: dict[str, int] = {}


RULES: dict[str, type[Any]] = {"tiers": TierRule, "attention": AttentionRule, "channels": ChannelRule,
                               "quiet": QuietRule, "bot_pilot": BotPilotRule, "health": HealthRule,
                               "phases": PhaseRule, "capacity": CapacityRule, "fields": FieldRule,
                               "retention": RetentionRule, "tasks": TaskRule}  # fmt: skip


async def rule(name: str) -> Any:
    """The rule called `name`, as the company set it, else the default."""
    kind = RULES[name]
    found = await rows("SELECT value FROM note WHERE name = ?", f"customers.{name}")
    if not found:
        return kind()
    value = json.loads(found[0][0]) if isinstance(found[0][0], str) else found[0][0]
    return msgspec.convert(value, kind)


async def set_rule(name: str, value: Any) -> None:
    """Keep a rule; the change is audited."""
    before = msgspec.to_builtins(await rule(name))
    after = msgspec.to_builtins(value)
    async with transaction():
        await write(
            "INSERT INTO note (name, value, changed_at) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
            f"customers.{name}", json.dumps(after), now(),
        )  # fmt: skip
        await audit(f"rule.{name}", Ref("rule", 0), before=before, after=after)
