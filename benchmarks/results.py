"""What is measured: lines of the table in benchmarks/README.md."""

import statistics
from dataclasses import dataclass

ROUNDS = 5


@dataclass
class Result:
    """One line of the table. `ratios` are ours ÷ baseline, one for each round; `goal` is ("≥" or "≤", number), None where there is none;
    `reason` says why the goal is missed, if it is.
    """

    what: str
    ours: str
    baseline: str
    ratios: list[float]
    goal: tuple[str, float] | None = None
    unit: str = "×"
    reason: str = ""

    @property
    def missed(self) -> bool:
        if not self.goal:
            return False
        sign, bound = self.goal
        middle = statistics.median(self.ratios)
        return middle < bound if sign == "≥" else middle > bound

    def row(self) -> str:
        middle = statistics.median(self.ratios)
        spread = f" ({min(self.ratios):.2f}–{max(self.ratios):.2f})" if len(self.ratios) > 1 else ""
        goal, verdict = "–", "–"
        if self.goal:
            goal, verdict = f"{self.goal[0]} {self.goal[1]:g}", "**missed**" if self.missed else "met"
        return f"| {self.what} | {self.ours} | {self.baseline} | {middle:.2f}{spread} {self.unit} | {goal} | {verdict} |"


def told(values: list[float], form: str = "{:.0f}") -> str:
    """Median and, in brackets, least and most."""
    return f"{form.format(statistics.median(values))} ({form.format(min(values))}–{form.format(max(values))})"


def ratios(ours: list[float], baseline: list[float]) -> list[float]:
    """Ours ÷ baseline, round by round."""
    return [one / other for one, other in zip(ours, baseline, strict=True)]
