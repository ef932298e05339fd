"""Time of an inference on an emulated core: by operator where the core's kernels were modelled."""

from __future__ import annotations

import pytest

from edgeser.benchmark.bench_report import OperatorCost
from edgeser.benchmark.firmware_cost import Clock
from edgeser.benchmark.target import TargetFacts
from firmware_bridge.boards import MPS2_AN500, Cycles
from quantize.foundation.measurement import Evidence, Measurement

CLOCK = Clock(
    MPS2_AN500, 25_000_000, 800.0, TargetFacts("emulator", "mps2-an500", "a board", "cortex-m7")
)
MODELLED = Cycles(
    middle=0.8, band=(0.6, 1.1), by_operator=(("A", 1.0), ("B", 0.5)), model_band=(0.9, 1.35)
)


def instructions(count: float) -> Measurement:
    return Measurement(count, "instructions", Evidence.EMULATED, "here")


def operator(kind: str, count: float) -> OperatorCost:
    return OperatorCost(0, kind, "layer", 0, instructions(count))


def test_the_mean_is_weighted_by_instructions() -> None:
    found = MODELLED.of_operators([("A", 300.0), ("B", 100.0)])
    assert found.middle == pytest.approx((300 * 1.0 + 100 * 0.5) / 400)
    assert found.band == pytest.approx((0.9 * 0.875, 1.35 * 0.875))


def test_an_operator_that_was_not_modelled_counts_as_the_others() -> None:
    assert MODELLED.of_operators([("A", 300.0), ("C", 1e6)]).middle == 1.0


@pytest.mark.parametrize("spent", [[], [("C", 5.0)], [("A", 0.0)]])
def test_where_nothing_was_modelled_it_stays_as_published(spent: list[tuple[str, float]]) -> None:
    assert MODELLED.of_operators(spent) == MODELLED


def test_an_inference_is_predicted_by_its_operators_a_frame_is_not() -> None:
    parts = [operator("CONV_2D", 3e6), operator("FULLY_CONNECTED", 1e6)]
    found = CLOCK.milliseconds(instructions(4e6), parts)
    middle = (3 * 0.94 + 1 * 0.91) * 1e6 / 800e3
    assert found.value == pytest.approx(middle)
    assert found.interval == pytest.approx((0.9 * middle, 1.35 * middle))
    assert found.evidence is Evidence.PREDICTED
    assert "0.932 cycles an instruction at 800 MHz" in found.source
    frame = CLOCK.milliseconds(instructions(4e6))
    assert (frame.value, frame.interval) == (pytest.approx(4.0), pytest.approx((3.0, 5.5)))


def test_a_budget_is_held_to_the_same_time() -> None:
    parts = [operator("CONV_2D", 1e6)]
    assert CLOCK.held_to_budget((1000,), parts) == CLOCK.milliseconds(CLOCK.cost((1000,)), parts)
