"""The pages of the reference are what the code says: commands, keys of a recipe, the C API."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgeser.cli.app import _COMMANDS
from edgeser.cli.reference import command
from edgeser.recipe import Recipe
from edgeser.report.reference.c_api import c_page
from edgeser.report.reference.recipe import recipe_page, undocumented_keys

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {"commands": "commands.md", "recipe": "recipe-keys.md", "c-api": "c-api.md"}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_in_step_with_the_code(page: str) -> None:
    done = CliRunner().invoke(command, [page])
    assert done.exit_code == 0
    written = (DOCS / PAGES[page]).read_text("utf-8")
    assert written == done.output, f"run: edgeser reference {page} > docs/{PAGES[page]}"


def test_json_has_the_page_too() -> None:
    done = CliRunner().invoke(command, ["recipe", "--json"])
    assert json.loads(done.output) == {
        "schema": "edgeser.reference/1", "page": "recipe", "markdown": recipe_page()
    }  # fmt: skip


def test_every_command_is_on_the_page_with_its_options() -> None:
    page = (DOCS / "commands.md").read_text("utf-8")
    for name in _COMMANDS:
        assert f"\n## edgeser {name}\n" in page
    assert "\n### edgeser corpus check\n" in page
    assert "| `--max-flash INTEGER RANGE` | emulator: budget, bytes of flash." in page
    assert "`--json`" not in page.partition("\n## ")[2]


def test_every_key_says_what_it_is() -> None:
    assert not undocumented_keys()


def test_every_table_of_a_recipe_is_on_the_page() -> None:
    page = recipe_page()
    for field in dataclasses.fields(Recipe):
        if field.name not in ("name", "seed", "corpora"):
            assert f"\n## `[{field.name}]`\n" in page
    assert "\n## `[[corpora]]`\n" in page
    assert "| `calibration_clips` | whole number | `256` |" in page
    assert (
        "| `phase_widths`, `phase_strides` | list of: whole number | `[16, 24, 32]`, `[2, 2, 1]` |"
        in page
    )
    assert '`"if_re"`, `"if_im"`' in page, "what a constant holds is listed"
    assert "`map`" in page.partition("## `[labels]`")[2].partition("\n## ")[0]
    assert "Model and TFLite-Micro arena together" in page.partition("## `[budget]`")[2], (
        "what is told elsewhere"
    )


def test_the_c_page_has_declarations_with_what_they_do() -> None:
    page = c_page()
    assert (
        "```c\nvoid apf_reset(struct apf_frontend *frontend);\n```\n\n"
        "Forgets all samples and all history.\n" in page
    )
    for leftover in ("__cplusplus", "#include", "#endif", "#ifndef", "*/\n\n"):
        assert leftover not in page, leftover
