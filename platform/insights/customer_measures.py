# ruff: noqa: E501 -- a definition is one sentence, a statement and a table are read whole
"""What the page of customers counts, in words."""

from __future__ import annotations

from core.i18n import lazy, number
from insights.parts import Figure, Measure, behind
from insights.spans import Span

TIERS = {"high": lazy("High touch"), "low": lazy("Low touch"), "tech": lazy("Tech touch")}
PHASES = {"onboarding": lazy("Onboarding"), "adoption": lazy("Adoption"), "expansion": lazy("Expansion"),
          "renewal": lazy("Renewing"), "churned": lazy("Churned")}  # fmt: skip
MEASURES = {
    "good": Measure(lazy("Healthy customers"), lazy("Active accounts with a score of 76 to 100 at the end of the period, by the last snapshot up to that day.")),
    "watch": Measure(lazy("Customers on watch"), lazy("Active accounts with a score of 51 to 75 at the end of the period, by the last snapshot up to that day.")),
    "risk": Measure(lazy("Customers at risk"), lazy("Active accounts with a score of 0 to 50 at the end of the period, by the last snapshot up to that day.")),
    "unknown": Measure(lazy("Customers without a score"), lazy("Active accounts of which no measure has data, or that have no snapshot up to the end of the period.")),
    "fell": Measure(lazy("Fell to a lower band"), lazy("Active accounts whose band at the end of the period is lower than at the end of the period before. Accounts without a score on either day are not among them.")),
    "rose": Measure(lazy("Rose to a higher band"), lazy("Active accounts whose band at the end of the period is higher than at the end of the period before. Accounts without a score on either day are not among them.")),
    "renewals": Measure(lazy("Renewals due"), lazy("Running contracts that renew from today on, within as many days as the period has.")),
    "renewals_at_risk": Measure(lazy("Renewals at risk"), lazy("Of the renewals due, those of accounts whose health score is 75 or less today.")),
    "ended": Measure(lazy("Contracts ended"), lazy("Contracts whose end lies in the period.")),
    "logins": Measure(lazy("Sign-ins"), lazy("Times that somebody signed in to your product in the period: the event that the health rules call a sign-in.")),
    "seats": Measure(lazy("Active seats"), lazy("Different people who did anything in your product in the period, of the seats in running contracts.")),
    "coverage": Measure(lazy("Coverage of the score"), lazy("How much of the health score's weight has data, on average over active accounts, today.")),
}  # fmt: skip


def figure(span: Span, name: str, value: float | None, note: str = "", look: str = "c1", unit: str = "",
            values: list[float | None] | None = None, section: str = "customers") -> Figure:  # fmt: skip
    made = MEASURES[name]
    return Figure(name, str(made.label), number(value), str(made.meaning), unit if value is not None else "",
                  behind(section, span, name), note, values=values or [], look=look)  # fmt: skip
