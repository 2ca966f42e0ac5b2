"""The steps of a case as a drawing: where each stands, in signs and words beside the colours. Only arithmetic; the template draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

STEP_WIDTH, HEIGHT, MIDDLE, RADIUS = 84, 66, 26, 15
WORDS = {
    "todo": gettext_lazy("未开始"),
    "now": gettext_lazy("进行中"),
    "done": gettext_lazy("已完成"),
    "skipped": gettext_lazy("不适用"),
}


@dataclass(frozen=True)
class Node:
    """One step: its state ("todo", "now", "done", "skipped") and where it is drawn."""

    number: int
    state: str
    word: str
    x: int

    @property
    def tick(self) -> str:
        """The path of the sign of a step that is done."""
        return f"M{self.x - 6} {MIDDLE}l4 5 8-9"

    @property
    def stroke(self) -> str:
        """The path of the sign of a step that does not apply."""
        return f"M{self.x - 10} {MIDDLE + 10}l20-20"

    @property
    def arrow(self) -> str:
        """The path of the mark over the step at hand."""
        return f"M{self.x - 6} 1h12l-6 7z"


@dataclass(frozen=True)
class Line:
    """What joins two steps."""

    start: int
    end: int
    is_done: bool


@dataclass(frozen=True)
class Chart:
    """The drawing: its size in pixels, its parts, and all of it in words."""

    width: int
    nodes: list[Node]
    lines: list[Line]
    words: str

    height, middle, radius = HEIGHT, MIDDLE, RADIUS

    @property
    def is_long(self) -> bool:
        """Whether it cannot be shrunk to the width of a phone and still be read."""
        return len(self.nodes) > 4

    @property
    def base(self) -> int:
        """Where the words under the steps stand."""
        return HEIGHT - 6


def draw_steps(steps: Sequence[tuple[int, str, str]]) -> Chart:
    """Draw steps given as (number, state, published text)."""
    nodes = [Node(number, state, str(WORDS[state]), STEP_WIDTH * place + STEP_WIDTH // 2) for place, (number, state, _text) in enumerate(steps)]
    lines = [Line(left.x + RADIUS + 3, right.x - RADIUS - 3, left.state in {"done", "skipped"}) for left, right in pairwise(nodes)]
    parts = [_("第 %(number)d 步%(word)s") % {"number": node.number, "word": node.word} for node in nodes]
    return Chart(STEP_WIDTH * len(nodes), nodes, lines, "；".join(parts))
