"""What a benchmark found: figures, the table on the terminal, and bench.json."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """One number of a figure, and what it should be."""

    what: str
    value: float
    unit: str
    """ "×" is a ratio to a floor."""
    goal: str
    ok: bool

    def __str__(self) -> str:
        text = f"{self.what}: {number(self.value)} {self.unit}".rstrip()
        return f"{text} ({self.goal})" if self.goal else text


@dataclass(frozen=True)
class Figure:
    """A figure with its parts; the first one leads."""

    id: str
    what: str
    parts: tuple[Part, ...]
    detail: str
    """What was compared with what, on which data."""

    @property
    def ok(self) -> bool:
        """Whether every part is as it should be."""
        return all(part.ok for part in self.parts)

    def entry(self) -> dict[str, object]:
        """The figure in bench.json: value, unit and goal are the first part's, the rest is in detail."""
        first, *others = self.parts
        detail = "; ".join([*(str(part) for part in others), self.detail])
        return {
            "id": self.id,
            "what": f"{self.what}: {first.what}",
            "value": float(number(first.value)),
            "unit": first.unit,
            "goal": first.goal,
            "ok": self.ok,
            "detail": detail,
        }


def at_most(what: str, value: float, limit: float, unit: str = "×") -> Part:
    """A number that is good when it is small."""
    return Part(what, value, unit, f"≤ {limit:g}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str = "×") -> Part:
    """A number that is good when it is large."""
    return Part(what, value, unit, f"≥ {limit:g}", value >= limit)


def noted(what: str, value: float, unit: str) -> Part:
    """A number without a goal."""
    return Part(what, value, unit, "", ok=True)


def required(what: str, *, holds: bool) -> Part:
    """A condition, as 1 or 0."""
    return Part(what, float(holds), "", "= 1", holds)


def number(value: float) -> str:
    """Three significant digits, all of those before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figure: Figure) -> str:
    """The lines of a figure on the terminal."""
    lines = [f"{figure.id:3} {figure.what}"]
    for part in figure.parts:
        measured = f"{number(part.value)} {part.unit}".rstrip()
        verdict = ("ok" if part.ok else "MISSED") if part.goal else ""
        lines.append(f"    {verdict:6} {measured:>12}  {part.goal:>8}  {part.what}")
    return "\n".join([*lines, f"    {figure.detail}"])


def write(figures: Iterable[Figure], path: Path) -> None:
    """Writes bench.json."""
    entries = [figure.entry() for figure in figures]
    path.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
