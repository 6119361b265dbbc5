"""Charts, made on the server: marks in SVG, words in HTML around them, the same numbers in a table one click away.

`line([Series(_("This period"), values), Series(_("Before"), old, "past")], labels, finding=_("…"))` in a handler or a
template; the result is markup. `finding` is a sentence that says what the chart shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from markupsafe import Markup, escape

from core.i18n import _, number

Number = float | int | None
W, H, TICKS = 300, 100, 4
STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
GRID = Markup("").join(Markup('<path class="grid" d="M0 {}H300"/>').format(y) for y in (0, 25, 50, 75, 100))


class Series(msgspec.Struct, frozen=True):
    """A row of numbers, None where there is none. `look` is `c1`…`c6`, `past` (dashed), or a health (`good`…)."""

    name: str
    values: Sequence[Number]
    look: str = "c1"


def ceiling(highest: float) -> float:
    """The round number at the top: four equal steps down to zero, each one of STEPS × a power of ten.
    Nobody counts half a person: from 1 up the steps are whole."""
    if not math.isfinite(highest) or highest <= 0:
        return TICKS
    step = highest / TICKS
    power = 10.0 ** math.floor(math.log10(step))
    factor = next(f for f in STEPS if step <= f * power * (1 + 1e-9) and (step <= 1 or float(f * power).is_integer()))
    return float(factor * power * TICKS) if highest > TICKS else max(TICKS, float(factor * power * TICKS))


def _look(look: str) -> Markup:
    if look in {"good", "watch", "risk", "unknown"}:
        return Markup('class="block" data-health="{}"').format(look)
    return Markup('class="block {}"').format("c6" if look == "past" else look)


def _points(values: Sequence[Number], top: float, width: float = W, height: float = H) -> list[list[str]]:
    """Runs of `x y` words; a missing number breaks the line."""
    runs: list[list[str]] = [[]]
    step = width / max(1, len(values) - 1)
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{index * step:.1f} {height - height * value / top:.1f}")
    return [run for run in runs if run]


def _stroke(points: list[str], extra: str = "") -> Markup:
    path = "M" + " ".join(points) + ("h.01" if len(points) == 1 else "")
    return Markup('<path class="line {}" d="{}"/>').format(extra, path)


def _line_marks(one: Series, top: float) -> Markup:
    runs = _points(one.values, top)
    if one.look == "past":
        return Markup("").join(_stroke(run, "past") for run in runs)
    marks = Markup("").join(_stroke(run, "" if len(run) > 1 else "end") for run in runs)  # one alone is a dot
    if runs and one.values[-1] is not None:
        marks += Markup('<path class="line end" d="M{}h.01"/>').format(runs[-1][-1])
    return Markup('<g class="{}">{}</g>').format(one.look, marks)


def line(series: Sequence[Series], labels: Sequence[str], *, finding: str, unit: str = "") -> Markup:
    """One line for each series over the same `labels`."""
    top = ceiling(max((v for s in series for v in s.values if v is not None), default=0))
    marks = Markup("").join(_line_marks(one, top) for one in reversed(series))
    return _chart(marks, top, series, labels, finding, unit)


def bars(series: Sequence[Series], labels: Sequence[str], *, finding: str, unit: str = "") -> Markup:
    """Stacked bars, one for each label, zero at the bottom."""
    sums = [sum(s.values[i] or 0 for s in series if i < len(s.values)) for i in range(len(labels))]
    top, slot = ceiling(max(sums, default=0)), W / max(1, len(labels))
    marks = []
    for index in range(len(labels)):
        floor = float(H)
        for one in series:
            height = H * (one.values[index] or 0 if index < len(one.values) else 0) / top
            floor -= height
            if height > 0:
                marks.append(_bar(one.look, slot * (index + 0.2), floor, slot * 0.6, max(0.3, height - 0.8)))
    return _chart(Markup("").join(marks), top, series, labels, finding, unit)


def _bar(look: str, x: float, y: float, width: float, height: float) -> Markup:
    places = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return Markup("<rect {} {}/>").format(_look(look), Markup(places))  # noqa: S704  numbers only


def _chart(marks: Markup, top: float, series: Sequence[Series], labels: Sequence[str], finding: str,
           unit: str) -> Markup:  # fmt: skip
    ticks = Markup("").join(Markup("<span>{}</span>").format(_short(top * i / TICKS)) for i in range(TICKS, -1, -1))
    shown = Markup("").join(Markup("<span>{}</span>").format(text) for text in _few(labels))
    return Markup(
        '<div class="chart"><div class="y" aria-hidden="true">{}</div>'
        '<svg viewBox="0 0 300 100" preserveAspectRatio="none" role="img" aria-label="{}" overflow="visible">{}{}</svg>'
        '<div class="x" aria-hidden="true">{}</div></div>{}{}'
    ).format(ticks, finding, GRID, marks, shown, _keys(series), numbers(series, labels, finding, unit))


def _keys(series: Sequence[Series]) -> Markup:
    if len(series) < 2:
        return Markup("")
    keys = (_key(one.name, one.look) for one in series)
    return Markup('<p class="cluster small muted keys">{}</p>').format(Markup("").join(keys))


def _key(name: str, look: str, value: str = "") -> Markup:
    words = Markup("{} <b>{}</b>").format(name, value) if value else escape(name)
    if look in {"good", "watch", "risk", "unknown"}:
        return Markup('<span class="health" data-health="{}">{}</span>').format(look, words)
    return Markup('<span class="key {}">{}</span>').format("c6" if look == "past" else look, words)


def _few(labels: Sequence[str], most: int = 5) -> list[str]:
    """First, last and evenly between: more do not fit on a phone."""
    if len(labels) <= most:
        return list(labels)
    return [labels[round(i * (len(labels) - 1) / (most - 1))] for i in range(most)]


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1000 if letter == 'k' else size):,.4g}{letter}"
    return f"{value:,.4g}"


def _exact(value: Number) -> str:
    return number(value, 0 if value is None or float(value).is_integer() else 1)


def numbers(series: Sequence[Series], labels: Sequence[str], caption: str, unit: str = "") -> Markup:
    """The table behind a chart."""
    heads = Markup("").join(Markup('<th scope="col" class="num">{}</th>').format(s.name) for s in series)
    body = Markup("").join(
        Markup('<tr><th scope="row" class="reg">{}</th>{}</tr>').format(
            label,
            Markup("").join(
                Markup('<td class="num">{}</td>').format(_exact(s.values[i] if i < len(s.values) else None))
                for s in series
            ),
        )
        for i, label in enumerate(labels)
    )
    title = _("The numbers (%(unit)s)", unit=unit) if unit else _("The numbers")
    return Markup(
        '<details class="numbers small"><summary>{}</summary><div class="scroll" tabindex="0" role="region" '
        'aria-label="{}"><table class="table flat"><caption class="hidden">{}</caption>'
        "<thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table></div></details>"
    ).format(title, title, caption, heads, body)


def spark(values: Sequence[Number], look: str = "c1") -> Markup:
    """The small line beside a number (macro `stat`); it says nothing the words do not, so it is hidden from readers."""
    known = [v for v in values if v is not None]
    low, high = min(known, default=0), max(known, default=0)
    spread = (high - low) or 1
    runs = _points([None if v is None else v - low for v in values], spread, 100, 24)
    if not runs:
        return Markup("")
    last = runs[-1]
    area = Markup('<path class="area" d="M{}L{} 28L{} 28z"/>').format(
        " ".join(last), last[-1].split()[0], last[0].split()[0]
    )
    strokes = Markup("").join(_stroke(run) for run in runs)
    end = Markup('<path class="line end" d="M{}h.01"/>').format(last[-1])
    return Markup(
        '<svg viewBox="-3 -4 106 32" preserveAspectRatio="none" aria-hidden="true" class="{}">{}{}{}</svg>'
    ).format(look, area, strokes, end)


def meter(value: Number, most: float, *, label: str, look: str = "c1") -> Markup:
    """How much of `most` is used."""
    width = max(1.5, min(1.0, value / most) * W) if value and most > 0 else 0.0
    mark = Markup('<rect {} width="{}" height="10"/>').format(_look(look), f"{width:.1f}") if width else Markup("")
    return _strip(mark, label, "")


def shares(parts: Sequence[tuple[str, float, str]], *, tall: bool = False, keys: bool = True) -> Markup:
    """One bar cut into (name, value, look); zeros are named but not drawn."""
    whole = sum(value for _name, value, _l in parts) or 1
    x, marks = 0.0, []
    for _name, value, look in parts:
        width = W * value / whole
        if value > 0:
            places = Markup('x="{}" width="{}" height="10"').format(f"{x:.1f}", f"{max(0.8, width - 1.4):.1f}")
            marks.append(Markup("<rect {} {}/>").format(_look(look), places))
        x += width
    label = _(", ").join(f"{name} {_exact(value)}" for name, value, _l in parts)
    drawn = _strip(Markup("").join(marks), label, "tall" if tall else "")
    legend = Markup("").join(_key(name, look, _exact(value)) for name, value, look in parts)
    return drawn + Markup('<p class="cluster small">{}</p>').format(legend) if keys else drawn


def _strip(marks: Markup, label: str, extra: str) -> Markup:
    return Markup(
        '<svg class="meter {}" viewBox="0 0 300 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(extra, label, marks)


def chart_filters() -> dict[str, Callable[..., Any]]:
    """What templates may call: `{{ spark(values) }}`."""
    return {"spark": spark, "meter": meter, "shares": shares, "line": line, "bars": bars}
