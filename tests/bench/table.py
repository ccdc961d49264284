"""The table: what was measured, beside what, and whether the goals are met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measurement; `value` is what the goal is a goal for."""

    what: str
    ours: str
    beside: str = ""
    value: float
    unit: str = "×"
    goal: float | None = None

    @property
    def met(self) -> bool:
        """Return whether the goal is met, where there is one."""
        return self.goal is None or self.value <= self.goal

    def cells(self) -> list[str]:
        """Return the line as it is printed."""
        goal = "" if self.goal is None else f"≤ {self.goal:g}{_unit(self.unit)}"
        value = f"{_short(self.value)}{_unit(self.unit)}"
        verdict = "" if self.goal is None else "yes" if self.met else "NO"
        return [self.what, self.ours, self.beside, value, goal, verdict]


@dataclass(slots=True)
class Table:
    """All that was measured."""

    lines: list[Line] = field(default_factory=list)
    curves: dict[str, dict[int, float]] = field(default_factory=dict)

    def ratio(
        self,
        what: str,
        ours: Sequence[float],
        beside: Sequence[float],
        name: str,
        goal: float | None = None,
    ) -> None:
        """Add seconds of ours beside those of something else, turn by turn: medians.

        A machine that is faster for a while is so for both of a turn.
        """
        self.lines.append(
            Line(
                what=what,
                ours=milliseconds(median(ours)),
                beside=f"{name} {milliseconds(median(beside))}",
                value=median(one / other for one, other in zip(ours, beside, strict=True)),
                goal=goal,
            )
        )

    def number(
        self, what: str, value: float, unit: str, goal: float | None = None, beside: str = ""
    ) -> None:
        """Add a number that has a goal of its own."""
        self.lines.append(
            Line(what=what, ours="", beside=beside, value=value, unit=unit, goal=goal)
        )

    def curve(self, what: str, seconds: Mapping[int, float]) -> None:
        """Add how a cost grows; a last tenfold may cost tenfold, and a little for noise."""
        self.curves[what] = dict(seconds)
        (small, less), (large, more) = sorted(seconds.items())[-2:]
        self.lines.append(
            Line(
                what=f"{what}: {large:,} beside {small:,}",
                ours=milliseconds(more),
                beside=milliseconds(less),
                value=log10(more / less),
                unit="th power",
                goal=1.1,
            )
        )

    @property
    def met(self) -> bool:
        """Return whether all goals are met."""
        return all(line.met for line in self.lines)

    def text(self) -> str:
        """Return the tables as Markdown."""
        heads = ["measured", "ours", "beside", "value", "goal", "met"]
        text = _markdown(heads, [line.cells() for line in self.lines])
        if not self.curves:
            return text
        sizes = sorted({size for curve in self.curves.values() for size in curve})
        rows = [
            [what, *(milliseconds(curve[size]) if size in curve else "" for size in sizes)]
            for what, curve in self.curves.items()
        ]
        return f"{text}\n{_markdown(['processor time', *(f'{s:,}' for s in sizes)], rows)}"


def milliseconds(seconds: float) -> str:
    """Return a time as the table shows it."""
    return f"{_short(seconds * 1000)} ms"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _unit(unit: str) -> str:
    return unit if unit == "×" else f" {unit}"


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |\n"
        for line in lines
    )
