"""The page of operators is what the compiler's tables say."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from edgeser.cli.inspect import command
from edgeser.report.reference.operators import operators_page
from firmware_bridge.compiler.catalogue import NOT_COMPILED, TYPES, WITHOUT_CODE
from firmware_bridge.compiler.lowering import LOWERINGS
from firmware_bridge.compiler.variables import DECLARATIONS
from quantize.tflite.schema import OPERATOR_NAMES

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_of_the_operators_is_in_step() -> None:
    written = (DOCS / "operators.md").read_text("utf-8")
    assert written == operators_page(), "run: edgeser inspect --operators > docs/operators.md"


def test_every_operator_is_on_the_page_with_its_reasons() -> None:
    page = operators_page().replace("\\", "")
    for name in (*LOWERINGS, *DECLARATIONS, *NOT_COMPILED):
        assert f"| {name} |" in page
    assert "### GATHER\n\n- it has ... batch axes\n" in page
    assert "- its bias is not ... constant int32" in page
    assert "the sums of channel ... may overflow 32 bits" in page


def test_the_tables_speak_of_operators_that_are_compiled() -> None:
    assert LOWERINGS.keys() | DECLARATIONS >= TYPES.keys() | WITHOUT_CODE.keys()
    assert not LOWERINGS.keys() & NOT_COMPILED.keys()
    assert set(OPERATOR_NAMES) >= LOWERINGS.keys() | NOT_COMPILED.keys()


def test_inspect_prints_the_page() -> None:
    done = CliRunner().invoke(command, ["--operators"])
    assert done.exit_code == 0
    assert done.output == operators_page()
    assert CliRunner().invoke(command, []).exit_code == 2
