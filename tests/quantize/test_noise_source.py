"""The layer that loses most is the one to change, not the noisiest beside it."""

from __future__ import annotations

import pytest

from quantize.layer_error import LayerError, LayerErrors
from quantize.noise_source import noise_source
from quantize.tflite import read_model
from quantize.tflite.model import Subgraph
from tests.firmware_bridge.kernels.operator_models import ModelBuilder


@pytest.fixture(scope="module")
def graph() -> Subgraph:
    """x, twice itself negated, and their sum; a product of that, and its absolute value."""
    builder = ModelBuilder()
    x, small, large, total, product, y = (builder.tensor((1, 4), scale=0.1) for _ in range(6))
    builder.operator("ABS", (x,), (small,), "Abs")
    builder.operator("ABS", (x,), (large,), "Abs")
    builder.operator("ADD", (small, large), (total,), "Add")
    builder.operator("MUL", (total, total), (product,), "Mul")
    builder.operator("ABS", (product,), (y,), "Abs")
    return read_model(builder.build((x,), (y,))).main


def errors(*rows: tuple[float | None, float, float]) -> LayerErrors:
    """Signal to noise, noise and share that is clipped, layer by layer."""
    kinds = ("ABS", "ABS", "ADD", "MUL", "ABS")
    layers = tuple(
        LayerError(
            place, f"layer{place}", kind, ratio, 0.9, 0.0 if ratio is None and not noise else 0.5,
            noise, clipped,
        )
        for place, (kind, (ratio, noise, clipped)) in enumerate(zip(kinds, rows, strict=True))
    )  # fmt: skip
    return LayerErrors(layers, (), 1)


def test_a_noisy_term_that_is_small_beside_the_sum_is_passed_by(graph: Subgraph) -> None:
    found = noise_source(
        graph, errors((5, 0.1, 0), (38, 0.5, 0), (35, 0.6, 0), (12, 3, 0), (11, 3, 0))
    )
    assert found is not None
    assert (found.layer.name, found.given_db) == ("layer3", 35)
    assert found.lost_db == pytest.approx(23)
    assert "several powers of ten" in found.hint


def test_a_term_whose_noise_is_the_sums_is_followed(graph: Subgraph) -> None:
    found = noise_source(
        graph, errors((8, 0.9, 0.7), (38, 0.1, 0), (9, 1, 0), (8, 3, 0), (8, 3, 0))
    )
    assert found is not None
    assert (found.layer.name, found.given_db) == ("layer0", 40)
    assert found.hint.startswith("it gives more than it did on the calibration data")


def test_what_is_exact_has_no_source(graph: Subgraph) -> None:
    assert noise_source(graph, errors(*[(None, 0, 0)] * 5)) is None
    only_noise = noise_source(graph, errors(*[(None, 0, 0)] * 3, (None, 1, 0), (None, 1, 0)))
    assert only_noise is not None
    assert only_noise.layer.name == "layer3"
