"""How far search's confidence can be trusted, drawn and said in plain sentences."""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from core.charts import Series, line
from core.i18n import _
from search import Reliability, Trust

STEPS = 10  # of the share answered, on the curve
FEW = 8  # searches below which a tenth says little


class Drawn(msgspec.Struct, frozen=True):
    """Each chart with the sentence that says what it shows."""

    reliability: Markup
    promise: str
    curve: Markup
    risk: str


def drawn(seen: Reliability, trust: Trust) -> Drawn | None:
    """None before the first training."""
    if not seen.bins or not seen.curve:
        return None
    promise, risk = promise_of(seen), risk_of(seen, trust)
    return Drawn(_diagram(seen, promise), promise, _curve(seen, trust, risk), risk)


def promise_of(seen: Reliability) -> str:
    """Whether a probability means what it says."""
    off = round(seen.calibration_error * 100)
    telling = [one for one in seen.bins if one.count >= FEW]
    over = sum((one.promised - one.came) * one.count for one in telling)
    if off <= 5:
        return _("The probabilities mean what they say: on average they are %(n)s points off.", n=off)
    if over > 0:
        return _("Search is too sure of itself: on average by %(n)s points. Raise the edge of the answers.", n=off)
    return _("Search is more careful than it needs to be: on average by %(n)s points.", n=off)


def risk_of(seen: Reliability, trust: Trust) -> str:
    """What the edge at hand means for readers."""
    at = min(seen.curve, key=lambda point: abs(point.edge - trust.answer))
    return _(
        "With the edge at %(edge)s %%, %(answered)s of 100 searches get an answer,"
        " and %(wrong)s of 100 answers are wrong.",
        edge=percent(trust.answer),
        answered=percent(at.answered),
        wrong=percent(at.wrong),
    )


def percent(share: float) -> int:
    return round(share * 100)


def _diagram(seen: Reliability, finding: str) -> Markup:
    """Promised against what came, by tenths that hold enough; on the dashed line every promise would be kept."""
    by_tenth = {round(one.low * 10): one for one in seen.bins if one.count >= FEW}
    came = [percent(by_tenth[n].came) if n in by_tenth else None for n in range(10)]
    meant = [percent(by_tenth[n].promised) if n in by_tenth else n * 10 + 5 for n in range(10)]
    labels = [_("%(low)s–%(high)s %%", low=n * 10, high=n * 10 + 10) for n in range(10)]
    series = [Series(_("came true"), came), Series(_("promised"), meant, "past")]
    return line(series, labels, finding=finding, unit="%")


def _curve(seen: Reliability, trust: Trust, finding: str) -> Markup:
    """The share of wrong answers by how many searches are answered; a dot at the edge at hand."""
    at = min(seen.curve, key=lambda point: abs(point.edge - trust.answer))
    wanted = [(n + 1) / STEPS for n in range(STEPS)]
    wrong = [_wrong_at(seen, share) for share in wanted]
    here = min(range(STEPS), key=lambda n: abs(wanted[n] - at.answered))
    dot = [percent(at.wrong) if n == here else None for n in range(STEPS)]
    labels = [_("%(n)s %% answered", n=percent(share)) for share in wanted]
    series = [Series(_("wrong answers"), wrong), Series(_("the edge at hand"), dot, "c2")]
    return line(series, labels, finding=finding, unit="%")


def _wrong_at(seen: Reliability, share: float) -> float | None:
    """Between the two nearest points of the curve; None where search would never answer so many."""
    points = sorted((one.answered, one.wrong) for one in seen.curve if one.answered > 0)
    below = [one for one in points if one[0] <= share]
    above = [one for one in points if one[0] >= share]
    if not above:
        return None
    if not below:
        return round(above[0][1] * 100, 1)
    (x0, y0), (x1, y1) = below[-1], above[0]
    part = (share - x0) / (x1 - x0) if x1 > x0 else 0.0
    return round((y0 + (y1 - y0) * part) * 100, 1)
