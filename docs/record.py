"""Draw docs/menu.svg: what somebody sees who makes a service at a terminal.

    python3 run.py python docs/record.py

The session is a real one; run this again after a change of the questions.
"""

from __future__ import annotations

import io
import itertools
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.menus import ASKED  # noqa: E402
from support.terminal import CTRL_C, DOWN, ENTER, ERASE, Terminal  # noqa: E402

COLUMNS = 100
# Text in the reader's own monospaced font, nothing loaded from elsewhere.
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>Making a service at a terminal</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def appearance(cell) -> Style:
    """Return the style of a cell of the terminal."""
    colour = None if cell.fg == "default" else f"#{cell.fg}" if re.fullmatch("[0-9a-f]{6}", cell.fg) else cell.fg
    return Style(color=colour, bold=cell.bold, reverse=cell.reverse)


def screen(terminal: Terminal) -> Text:
    """Return what stands on the terminal, in its colours."""
    height = len(terminal.text.splitlines())
    drawn = Text()
    for row in range(height):
        cells = [terminal.screen.buffer[row][column] for column in range(COLUMNS)]
        for style, run in itertools.groupby(cells, key=appearance):
            drawn.append("".join(cell.data for cell in run), style)
        drawn.rstrip()
        drawn.append("\n")
    return drawn


def record() -> str:
    """Make a service up to the plan, and return two moments of it as SVG."""
    with tempfile.TemporaryDirectory() as folder:
        home = {"HOME": folder}
        terminal = Terminal("cookiecutter", ROOT, "--default-config", columns=COLUMNS, **home)
        terminal.see("? Name of the service")
        terminal.press(ERASE, "Order Service", ENTER)
        terminal.see("order-service")
        terminal.press(ENTER)
        terminal.see("? What it does")
        terminal.press(ERASE, "Takes orders and keeps them.", ENTER, ENTER)
        terminal.see("? Language")
        terminal.press(DOWN, DOWN, ENTER)
        terminal.see("? Runtime base")
        terminal.press(DOWN)
        terminal.see("» scratch")
        choosing = screen(terminal)
        terminal.press(*ENTER * len(ASKED[ASKED.index("runtime_base") :]))
        terminal.see("? Write it?")
        plan = screen(terminal)
        terminal.press(CTRL_C)
        terminal.end()

    console = Console(record=True, width=COLUMNS, file=io.StringIO(), legacy_windows=False)
    console.print(choosing, Rule(style="dim"), plan, sep="\n", soft_wrap=False)
    return console.export_svg(
        title="cookiecutter gh:org/slim-templates", theme=MONOKAI, code_format=SVG, unique_id="menu"
    )


if __name__ == "__main__":
    (ROOT / "docs" / "menu.svg").write_text(record(), encoding="utf-8")
