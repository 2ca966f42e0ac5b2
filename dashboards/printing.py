"""The board on paper (统计简报): an official print, in Chinese whatever the interface speaks. Nothing is kept."""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from core.printing import SCREEN, render

from .board import Board

FONT = "Portal Kai"
WIDTH = 720  # of a drawing, shrunk to the text block of the page


def brief_pdf(board: Board) -> bytes:
    """The figures, charts, tables and definitions of a board: PDF/UA-1. Raises PrintRefusedError."""
    with translation.override(settings.LANGUAGE_CODE):
        at = timezone.localtime(board.at)
        context = {
            "title": f"统计简报 {board.period.words}",
            "recorded_at": board.at.isoformat(),
            "number": "统计简报",
            "printed": f"{at:%Y-%m-%d %H:%M}　{board.user.name}　打印",
            "board": board,
            "bars": board.bars(width=WIDTH, font=FONT),
            "trend": board.trend(width=WIDTH, font=FONT),
        }
        return render(render_to_string("print/brief.html", context), variant=SCREEN)
