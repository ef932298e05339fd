"""Each source that ships says its licence in its first line."""

from __future__ import annotations

from pathlib import Path

from firmware_bridge.licence import IDENTIFIER

PACKAGE = Path(__file__).parents[2] / "firmware_bridge"
COMMENTS = {
    **dict.fromkeys((".c", ".h", ".cc", ".ld"), "/* {} */"), ".js": "// {}", ".in": "# {}"
}  # fmt: skip


def test_every_source_that_ships_says_its_licence() -> None:
    sources = [path for path in PACKAGE.rglob("*") if path.suffix in COMMENTS]
    assert len(sources) > 200
    for path in sources:
        first, second = path.read_text("utf-8").split("\n", 2)[:2]
        assert first == COMMENTS[path.suffix].format(IDENTIFIER), path
        assert "SPDX" not in second, path
