"""docs/boards.md says how to add a board: its own example is built and run as it stands there."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_bridge.boards import EMULATED_BOARDS, MPS2_AN386, Board, all_boards
from firmware_bridge.emulator import BuiltFirmware, running_emulator

DOCS = Path(__file__).parents[3] / "docs" / "boards.md"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """The folder and the record of the page."""
    indented = re.findall(r"^   ```\w*\n(.*?)^   ```", DOCS.read_text("utf-8"), re.M | re.S)
    script, record = (textwrap.dedent(block) for block in indented)
    folder = tmp_path_factory.mktemp("boards") / "mps2_an385"
    folder.mkdir()
    (folder / "link.ld").write_text(script)
    (registers,) = (path for path in MPS2_AN386.files if path.name == "registers.h")
    (folder / "registers.h").write_text(registers.read_text().replace("mps2-an386", "mps2-an385"))

    def files(name: str, *names: str) -> tuple[Path, ...]:
        return tuple(folder.parent / name / found for found in names)

    made = {**vars(all_boards), "_files": files}
    exec(record, made)  # noqa: S102  from a page of ours
    board: Board = made["MPS2_AN385"]
    return board


def test_the_pages_example_runs(
    example: Board, build_hand_made: Callable[..., BuiltFirmware], talk_to
) -> None:
    data = bytes(range(64, 96))
    built = build_hand_made(example, frontend=None)
    for program in (built.elf, built.emulated_elf):
        with running_emulator(program, example) as transport:
            device = talk_to(transport)
            assert device.command("name") == ["m-name-dut-[mps2-an385]"]
            output, ticks = device.infer(data)
            assert output == bytes([63] * 4)
            assert device.infer(data) == (output, ticks)
            assert 100 < example.instructions(ticks) < 2000


def test_the_page_lists_every_board_that_there_is() -> None:
    text = DOCS.read_text("utf-8")
    rows = re.findall(r"^\| `(\w[\w-]+)`(?: \(the default\))? \|", text, re.M)
    assert rows == [board.name for board in EMULATED_BOARDS] * 2  # what they are, what they cost
