"""Makes the pictures that come from the program: a terminal and a report.

Run in the repository's root: python docs/pictures/make.py [RUN], where RUN is the folder of a
finished run, by default demo, as `make demo` leaves it. Needs Chromium for the report.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURES = Path(__file__).resolve().parent
COLUMNS = 92
# Of each command so many lines are shown; 0: all.
COMMANDS = (
    (("bench", "pretrained", "--device", "emulator"), 13),
    (("bench", "pretrained", "--device", "emulator", "--board", "all"), 0),
)
# Rich's own, without the fonts that it would ask another host for.
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" \
role="img" aria-label="edgeser in a terminal">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; \
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
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


def terminal() -> None:
    """Write terminal.svg: commands and what they print."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1"}
    for number, (command, lines) in enumerate(COMMANDS):
        shown = " ".join(("edgeser", *command)) + (f" | head -{lines}" if lines else "")
        program = shutil.which("edgeser", path=str(Path(sys.executable).parent)) or "edgeser"
        ran = subprocess.run(
            [program, *command], env=environment, capture_output=True, text=True, check=True
        )
        out = ran.stdout.rstrip("\n").split("\n")
        console.print(Text("\n" * bool(number) + "$ " + shown, style="bold"))
        console.print(Text.from_ansi("\n".join(out[: lines or None])))
    svg = console.export_svg(title="", code_format=SVG, theme=MONOKAI, unique_id="edgeser")
    (PICTURES / "terminal.svg").write_text(
        "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"
    )


def report(run: Path) -> None:
    """Write report.png: the top of a run's report."""
    chromium = shutil.which("chromium") or "chromium"
    subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--window-size=1000,1026", f"--screenshot={PICTURES / 'report.png'}"),
            (run / "report.html").resolve().as_uri(),
        ],
        capture_output=True,
        check=True,
    )


if __name__ == "__main__":
    terminal()
    report(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))
