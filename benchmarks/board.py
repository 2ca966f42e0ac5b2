"""The leadership board over 1,000,000 cases against that over 1,000, and the rollup behind it against the same counted from the cases.

The databases are those of benchmarks/large.py; CPU time of the process and, on PostgreSQL, of its part of the server, in turn. `answers.py` also compares the
rollup with the cases: a difference ends the run.
"""

from .asked import Portal
from .results import Result, ratios, told

ROUNDS, TIMES = 5, 3
PAGE = "/dashboard/?period=2026"


def board(engine: str, few: Portal, large: Portal) -> list[Result]:
    """For who sees all, who sees some, and the leader."""
    results = []
    for who, words in (("leads", "a leader"), ("carrier7", "who sees four items")):
        taken = {few: [], large: []}  # type: dict[Portal, list[float]]
        for _round in range(ROUNDS):
            for portal in (few, large):
                taken[portal].append(min(portal.ask("page", who=who, address=PAGE, times=TIMES)["ms"]))
        form = "{:.0f}"
        results.append(
            Result(
                f"{engine}: board for {words}, 1,000,000 cases ÷ 1,000",
                f"{told(taken[large], form)} ms",
                f"{told(taken[few], form)} ms",
                ratios(taken[large], taken[few]),
                ("≤", 1.5),
                reason="what of the page is not sums of the rollup grows with the cases",
            )
        )
    return [*results, rollup(engine, large)]


def rollup(engine: str, large: Portal) -> Result:
    """All figures from the rollup against the same counted live; both must be equal."""
    taken = large.ask("figures", times=ROUNDS)
    assert taken["differences"] == 0, "the rollup is not what the cases say"
    return Result(
        f"{engine}: figures from the rollup ÷ counted from 1,000,000 cases",
        f"{told(taken['rollup'], '{:.1f}')} ms",
        f"{told(taken['live'])} ms",
        ratios(taken["rollup"], taken["live"]),
        ("≤", 0.01),
        reason="the rollup holds too many rows",
    )
