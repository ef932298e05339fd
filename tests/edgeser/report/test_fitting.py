"""Tables on narrow terminals: nothing is cut off, and what does not fit is a list."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from edgeser.pipeline.ship import shipped_bundles
from edgeser.report.fitting import FittingTable
from edgeser.report.models import model_tables
from edgeser.report.titled import plain_table, titled_table
from edgeser.training.variants import EVALUATION_CONDITIONS

WORDS = st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=5).map(" ".join)


def shown(table: object, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(table)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def costs() -> FittingTable:
    table = plain_table()
    table.add_column("name", no_wrap=True)
    table.add_column("inference", justify="right")
    table.add_column("what it is")
    table.add_row("kws", "13.3 ms", "ten words and silence")
    table.add_row("ad", "4.85 ms", "")
    return table


def test_lines_break_between_words_and_never_within_a_figure() -> None:
    assert shown(costs(), 40) == [
        "name  inference  what it is",
        "kws     13.3 ms  ten words and silence",
        "ad      4.85 ms",
    ]
    assert shown(costs(), 30) == [
        "name  inference  what it is",
        "kws     13.3 ms  ten words and",
        "                 silence",
        "ad      4.85 ms",
    ]


def test_what_does_not_fit_is_a_list_without_empty_cells() -> None:
    assert shown(costs(), 22) == [
        "name: kws",
        "  inference: 13.3 ms",
        "  what it is: ten",
        "  words and silence",
        "name: ad",
        "  inference: 4.85 ms",
    ]


def test_a_list_keeps_title_caption_and_colours_and_names_no_empty_heading() -> None:
    table = titled_table("One [red] board", caption="emulated")
    table.add_column("")
    table.add_column("verdict of it", no_wrap=True)
    table.add_row("[red]", Text("FAILED", style="red"), style="bold")
    assert shown(table, 16) == [
        "One [red] board",
        "[red]",
        "  verdict of it:",
        "  FAILED",
        "emulated",
    ]


def test_a_first_column_keeps_its_last_letter_where_paddings_collapse() -> None:
    table = titled_table("", collapse_padding=True, show_edge=False)
    table.add_column("", no_wrap=True, overflow="fold")
    table.add_column("shape")
    table.add_row("output 0", "1 x 16 channels last")
    assert [line for line in shown(table, 24) if "output" in line] == [" output 0  1 x 16"]


@given(
    rows=st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=3),
    heads=st.tuples(WORDS, WORDS, WORDS),
    width=st.integers(12, 60),
    edges=st.none() | st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_every_word_is_whole_at_any_width(
    rows: list[tuple[str, ...]],
    heads: tuple[str, ...],
    width: int,
    edges: tuple[bool, bool, bool] | None,
) -> None:
    if edges is None:
        table = plain_table()
    else:
        collapse, pad, show = edges
        table = titled_table("", collapse_padding=collapse, pad_edge=pad, show_edge=show)
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*row)
    lines = shown(table, width)
    assert max(map(len, lines)) <= width
    seen = " ".join(lines).replace(":", "").split()
    said = [word for row in rows for cell in row for word in cell.split()]
    assert sorted(set(said)) == sorted(set(said) & set(seen))
    assert "…" not in " ".join(lines)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_models_that_ship_are_listed_whole(width: int) -> None:
    conditions = {each.name: each.description for each in EVALUATION_CONDITIONS}
    lines = shown(model_tables(shipped_bundles(), conditions), width)
    text = " ".join(" ".join(lines).split())
    assert "…" not in text
    for word in ("inference", "flash", "RAM", "222.5 kB", "ravdess"):
        assert word in text
