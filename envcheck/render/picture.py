"""Figures as SVG: bars side by side, and curves over steps. Colours are the page's style sheet's."""

from __future__ import annotations

from collections.abc import Sequence

from ..views.document import Bar, Curve
from .markup import escape

#: Units of the drawing; the page scales it.
WIDTH, ROW, BAR, HEIGHT, EDGE = 360, 46, 14, 150, 8


def bars(found: Sequence[Bar], unit: str) -> str:
    """A bar per value, its name above it, the value behind it, what else is known below."""
    most = max((bar.value for bar in found), default=0) or 1
    rows = "".join(_bar(bar, place, most, unit) for place, bar in enumerate(found))
    said = "; ".join(f"{bar.label}: {bar.value:.4g} {unit}" for bar in found)
    return _svg(ROW * len(found) + 4, rows, said)


def _bar(bar: Bar, place: int, most: float, unit: str) -> str:
    top, long = place * ROW, max(2.0, bar.value / most * (WIDTH - 110))
    value = f"{bar.value:,.0f}" if bar.value >= 1000 else f"{bar.value:.3g}"
    return (
        f'<text x="0" y="{top + 13}">{escape(bar.label)}</text>'
        f'<rect class="bar" x="0" y="{top + 20}" width="{long:.1f}" height="{BAR}" rx="3"/>'
        f'<text x="{long + 8:.1f}" y="{top + 32}">{value} {escape(unit)}</text>'
    )


def curves(found: Sequence[Curve]) -> str:
    """Each curve from its first value to its last, on one scale that begins at 0."""
    values = [value for curve in found for value in curve.values]
    most = max(values, default=0) or 1
    lines = "".join(_curve(curve, most, place) for place, curve in enumerate(found))
    floor = HEIGHT - EDGE
    axes = f'<path class="axis" d="M{EDGE} {EDGE}V{floor}H{WIDTH - EDGE}"/>'
    said = "; ".join(f"{c.label}: {c.values[0]:.3g} → {c.values[-1]:.3g}" for c in found if c.values)
    return _svg(HEIGHT + 18 * len(found) + 6, axes + lines, said)


def _curve(curve: Curve, most: float, place: int) -> str:
    high, wide = HEIGHT - 2 * EDGE, WIDTH - 2 * EDGE
    last = max(1, len(curve.values) - 1)
    points = " ".join(
        f"{EDGE + wide * i / last:.1f},{EDGE + high * (1 - value / most):.1f}"
        for i, value in enumerate(curve.values)
    )
    dash = f' stroke-dasharray="{4 * place} 4"' if place else ""
    ends = f"{curve.values[0]:.3g} → {curve.values[-1]:.3g}" if curve.values else ""
    return (
        f'<polyline class="curve" points="{points}"{dash}/>'
        f'<text class="faint" x="{EDGE}" y="{HEIGHT + 16 + 18 * place}">{escape(curve.label)}: {ends}</text>'
    )


def _svg(height: int, inner: str, said: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(said)}">{inner}</svg>'
