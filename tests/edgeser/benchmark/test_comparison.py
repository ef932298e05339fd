from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeser.benchmark.comparison import BenchComparison, compare_benchmarks
from edgeser.benchmark.growth import growth_limit
from edgeser.pipeline.saved_benchmark import read_benchmark
from quantize.foundation.errors import BadInput
from tests.edgeser.benchmark.saved import FIGURES, benchmark, operator, result, saved


def compared(folder: Path, old: Any, new: Any, **limits: str) -> BenchComparison:
    before = read_benchmark(saved(folder, "old.json", old))
    after = read_benchmark(saved(folder, "new.json", new))
    held = [growth_limit(name, text) for name, text in limits.items()]
    return compare_benchmarks(before, after, held)


def with_figures(**changed: float) -> dict[str, Any]:
    return benchmark(result(FIGURES | changed))


@pytest.mark.parametrize(
    ("instructions", "passed"), [(1_010_000, True), (1_010_001, False), (900_000, True)]
)
def test_one_per_cent_of_instructions_is_one_per_cent(
    tmp_path: Path, instructions: int, passed: bool
) -> None:
    new = with_figures(inference_instructions=instructions)
    found = compared(tmp_path, benchmark(), new, instructions="+1%")
    assert found.passed is passed
    if not passed:
        (line,) = found.failures
        assert line == (
            "inference_instructions is 1,010,001, before 1,000,000: the limit +1% allows 1,010,000"
        )


def test_a_limit_holds_whatever_the_baseline(tmp_path: Path) -> None:
    old, new = with_figures(flash_bytes=290_000), with_figures(flash_bytes=300_001)
    assert compared(tmp_path, old, new, flash="301kB").passed
    assert not compared(tmp_path, old, new, flash="300kB").passed


def test_a_limit_whose_figure_is_not_there_is_told_and_does_not_hold(tmp_path: Path) -> None:
    less = benchmark(result({"inference_instructions": 1.0}))
    found = compared(tmp_path, less, benchmark(), flash="+2%")
    assert len(found.failures) == 1
    assert found.failures[0].startswith("flash_bytes cannot be held to +2%: not in ")
    assert found.failures[0].endswith("old.json")
    assert compared(tmp_path, less, benchmark(), flash="60kB").passed
    assert not compared(tmp_path, benchmark(), less, flash="60kB").passed
    neither = compared(tmp_path, benchmark(), benchmark(), latency="+2%")
    assert "old.json and " in neither.failures[0]


def test_two_limits_of_one_figure_both_count(tmp_path: Path) -> None:
    before = read_benchmark(saved(tmp_path, "old.json", benchmark()))
    limits = [growth_limit("flash", "+2%"), growth_limit("flash_bytes", "49kB")]
    found = compare_benchmarks(before, before, limits)
    assert [change.limit.text for change in found.results[0].changes if change.limit] == [
        "+2%", "49kB"
    ]  # fmt: skip
    assert len(found.failures) == 1


def test_an_arena_is_found_among_the_parts_of_the_memory(tmp_path: Path) -> None:
    old, new = benchmark(result(arena=1000)), benchmark(result(arena=1001))
    assert not compared(tmp_path, old, new, arena="+0%").passed
    assert compared(tmp_path, old, new, arena="+1").passed


def test_another_model_and_another_compiler_are_told(tmp_path: Path) -> None:
    new = benchmark(result(description="a board; gcc 13"), model="kws-2")
    found = compared(tmp_path, benchmark(), new, flash="+0%")
    assert found.passed
    assert found.told == (
        "the models differ: kws before, kws-2 now",
        "not run the same way: a board; gcc 12 before, a board; gcc 13 now",
    )
    assert compared(tmp_path, benchmark(), benchmark()).told == ()


def test_models_are_told_apart_by_their_bytes_where_both_say_which(tmp_path: Path) -> None:
    old, new = ({**benchmark(), "model_sha256": digit * 64} for digit in "ab")
    assert compared(tmp_path, old, new).told == (
        f"the models differ: kws ({'a' * 12}) before, kws ({'b' * 12}) now",
    )
    renamed = {**benchmark(model="kws-2"), "model_sha256": "a" * 64}
    assert compared(tmp_path, old, renamed).told == ()
    assert compared(tmp_path, benchmark(), renamed).told == (
        "the models differ: kws before, kws-2 now",
    )


def test_figures_of_another_board_are_not_compared(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        compared(tmp_path, benchmark(), benchmark(result(name="mps2-an386")))
    assert "emulator mps2-an500" in error.value.message
    assert "emulator mps2-an386" in error.value.message


def test_of_several_boards_each_is_held_and_one_that_is_gone_is_told(tmp_path: Path) -> None:
    old = benchmark(result(), result(name="a"), result(name="gone"))
    grown = result(FIGURES | {"flash_bytes": 60_000}, name="a")
    found = compared(tmp_path, old, benchmark(result(), grown, result(name="more")), flash="+1%")
    assert len(found.failures) == 2
    assert found.failures[0].startswith("emulator a: flash_bytes is 60,000")
    assert "no result of emulator gone" in found.failures[1]
    assert "no result of emulator more" in found.told[0]


def test_a_board_on_which_it_no_longer_runs_fails_without_a_limit(tmp_path: Path) -> None:
    new = benchmark(result({}, problem="no compiler"))
    found = compared(tmp_path, benchmark(), new)
    assert not found.passed
    assert "no compiler" in found.failures[0]


def test_units_and_evidence_that_differ_are_told(tmp_path: Path) -> None:
    old, new = with_figures(other_s=3.0), with_figures(other_s=3.0)
    new["results"][0]["figures"]["other_s"] |= {"unit": "hours"}
    new["results"][0]["figures"]["ram_bytes"] |= {"evidence": "predicted"}
    found = compared(tmp_path, old, new, other_s="+1%")
    assert len(found.told) == 2
    assert "other_s is in 1/s before and in hours now: not compared" in found.told
    assert not found.passed
    assert next(c for c in found.results[0].changes if c.name == "other_s").growth is None


def test_operators_that_changed_are_named_the_largest_first(tmp_path: Path) -> None:
    old = benchmark(result(operators=(operator(0, 10), operator(1, 500), operator(2, 70))))
    new = benchmark(result(operators=(operator(0, 12), operator(1, 500), operator(2, 40))))
    found = compared(tmp_path, old, new).results[0].operators
    assert [(row.after.index, row.more) for row in found] == [(2, -30), (0, 2)]
    longer = benchmark(result(operators=(operator(0, 12),)))
    assert "the graphs differ: 3 operators before, 1 now" in compared(tmp_path, old, longer).told


def test_a_figure_that_was_nothing_may_not_become_something(tmp_path: Path) -> None:
    old = with_figures(scratch_bytes=0)
    found = compared(tmp_path, old, with_figures(scratch_bytes=1), scratch_bytes="+50%")
    assert not found.passed
    assert compared(tmp_path, old, old, scratch_bytes="+0%").passed


def test_a_board_at_another_address_is_the_same_board(tmp_path: Path) -> None:
    old = benchmark(result(name="serial:/dev/ttyACM0", kind="serial"))
    new = benchmark(result(name="serial:/dev/ttyACM1", kind="serial", description="another"))
    found = compared(tmp_path, old, new, flash="+0%")
    assert found.passed
    assert found.results[0].label == "serial:/dev/ttyACM1"
    assert found.told == ("not run the same way: a board; gcc 12 before, another now",)
