"""The error of each layer, in the device's kernels against the float graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quantize.foundation.errors import BadInput
from quantize.layer_error import LayerError, LayerErrors, layer_errors, pair_layers
from quantize.runtimes import Runtime, layer_outputs
from quantize.tflite import read_model


@pytest.fixture(scope="module")
def errors(exported: Any) -> LayerErrors:
    return layer_errors(
        exported.model.float_tflite,
        exported.model.int8_tflite,
        exported.features(6, seed=21),
        layer_names=dict(exported.model.layer_names),
    )


def test_every_layer_is_compared_in_graph_order(errors: LayerErrors, exported: Any) -> None:
    graph = read_model(exported.model.int8_tflite).main
    assert [layer.index for layer in errors.layers] == [each.index for each in graph.operators]
    assert [layer.operator for layer in errors.layers] == [each.name for each in graph.operators]
    assert errors.unmatched == ()
    assert errors.samples == 6


def test_int8_follows_float_layer_by_layer(errors: LayerErrors) -> None:
    for layer in errors.layers:
        assert layer.cosine is not None
        assert layer.cosine > 0.999
        assert layer.sqnr_db is None or layer.sqnr_db > 25.0


def test_slices_of_the_input_are_exact_and_so_never_the_worst(errors: LayerErrors) -> None:
    exact = [layer for layer in errors.layers if layer.is_exact]
    assert {"STRIDED_SLICE"} <= {layer.operator for layer in exact}
    assert all(layer.sqnr_db is None for layer in exact)
    assert errors.worst is not None
    assert errors.worst.sqnr_db == min(
        layer.sqnr_db for layer in errors.layers if layer.sqnr_db is not None
    )


def test_figures_follow_from_the_outputs_of_a_layer(errors: LayerErrors, exported: Any) -> None:
    inputs = exported.features(6, seed=21)
    real = inputs.astype(np.float32) * exported.scale
    wanted = layer_outputs(exported.model.float_tflite, real, runtime=Runtime.LITERT_BUILTIN)
    got = layer_outputs(
        exported.model.int8_tflite, inputs, runtime=Runtime.TFLITE_MICRO, dequantise=True
    )
    f = list(wanted.values())[-1].astype(np.float64)
    q = list(got.values())[-1].astype(np.float64)
    last = errors.layers[-1]
    assert last.name == "classifier"
    assert last.max_error == pytest.approx(np.abs(f - q).max())
    assert last.sqnr_db == pytest.approx(10 * math.log10((f**2).sum() / ((f - q) ** 2).sum()))
    assert last.cosine == pytest.approx((f * q).sum() / np.linalg.norm(f) / np.linalg.norm(q))


def test_batches_add_up_to_the_same_figures(
    errors: LayerErrors, exported: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantize.layer_error._BATCH_BYTES", 1 << 20)
    again = layer_errors(
        exported.model.float_tflite, exported.model.int8_tflite, exported.features(6, seed=21)
    )
    for one, other in zip(errors.layers, again.layers, strict=True):
        assert other.max_error == one.max_error
        assert other.sqnr_db == pytest.approx(one.sqnr_db)


def test_a_coarser_graph_has_larger_errors(exported: Any, errors: LayerErrors) -> None:
    """A layer's weights, one step off in every value, must show from that layer on."""
    data = bytearray(exported.model.int8_tflite)
    graph = read_model(exported.model.int8_tflite).main
    classifier = graph.operators[-1]
    weights = graph.tensors[classifier.inputs[1]].data
    assert weights is not None
    at = exported.model.int8_tflite.index(weights.tobytes())
    spoilt = np.clip(weights.astype(np.int16) + 20, -127, 127).astype(np.int8)
    data[at : at + spoilt.size] = spoilt.tobytes()
    worse = layer_errors(exported.model.float_tflite, bytes(data), exported.features(6, seed=21))
    assert worse.layers[:-1] == tuple(
        LayerError(each.index, name.name, each.operator, each.sqnr_db, each.cosine, each.max_error)
        for each, name in zip(errors.layers[:-1], worse.layers[:-1], strict=True)
    )
    assert worse.worst == worse.layers[-1]


def test_tensors_without_usable_names_are_paired_by_turn(build_model: Callable[..., bytes]) -> None:
    def renamed(name: str) -> Callable[[Any, Any], None]:
        def edit(model: Any, schema: Any) -> None:
            for tensor in model.subgraphs[0].tensors:
                tensor.name = name

        return edit

    quantised = read_model(build_model(renamed(""))).main
    reference = read_model(build_model(renamed("same"))).main
    pairs, unmatched = pair_layers(reference, quantised)
    assert unmatched == ()
    assert [twin for _, twin in pairs] == [each.outputs[0] for each in reference.operators]


def test_an_operator_without_a_twin_is_told(build_model: Callable[..., bytes]) -> None:
    def drop_last(model: Any, schema: Any) -> None:
        graph = model.subgraphs[0]
        last = graph.operators.pop()
        graph.outputs = [last.inputs[0]]

    whole = read_model(build_model()).main
    pairs, unmatched = pair_layers(read_model(build_model(drop_last)).main, whole)
    assert len(pairs) == 4
    assert len(unmatched) == 1
    assert "FULLY_CONNECTED" in unmatched[0]


def test_noise_where_float_is_silent_is_worse_than_any_ratio() -> None:
    silent = LayerError(1, "b", "CONV_2D", None, None, 0.5)
    noisy = LayerError(0, "a", "CONV_2D", 3.0, 0.9, 0.5)
    exact = LayerError(2, "c", "PAD", None, 1.0, 0.0)
    assert LayerErrors((noisy, silent, exact), (), 1).worst is silent
    assert LayerErrors((exact,), (), 1).worst is None


def test_inputs_that_do_not_fit_are_refused(exported: Any) -> None:
    twins = exported.model.float_tflite, exported.model.int8_tflite
    good = exported.features(2, seed=1)
    for bad in (good.astype(np.float32), good[0], good[:0], good[:, :-1], None):
        with pytest.raises(BadInput):
            layer_errors(*twins, bad)
    with pytest.raises(BadInput, match="float model"):
        layer_errors(twins[1], twins[0], good)
    with pytest.raises(BadInput, match="int8 model"):
        layer_errors(twins[0], twins[1][:-400], good)
