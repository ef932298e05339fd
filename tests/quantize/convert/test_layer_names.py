"""Tensors of the converted graph find their torch modules by what they hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from quantize.convert.layer_names import LayerValues, layer_of, name_layers
from quantize.tflite import read_model


@pytest.mark.parametrize(
    ("node", "kind", "layer"),
    [
        ("/head/conv/Conv", "Conv", "head.conv"),
        ("/head/Mul", "Mul", "head.Mul"),
        ("/Concat_1", "Concat", "Concat_1"),
        ("Conv_3", "Conv", "Conv_3"),
        ("/a/blocks/blocks.1/body/body.0/body.0.0/Conv", "Conv", "a.blocks.1.body.0.0"),
        ("/a/gate/gate.0/ReduceMean", "ReduceMean", "a.gate.0.ReduceMean"),
        ("", "Conv", ""),
    ],
)
def test_node_names_become_module_paths(node: str, kind: str, layer: str) -> None:
    assert layer_of(node, kind) == layer


def test_layers_are_found_by_value_in_any_order(build_model: Callable[..., bytes]) -> None:
    graph = read_model(build_model()).main
    rng = np.random.default_rng(0)
    made = [graph.tensors[each.outputs[0]] for each in graph.operators]
    values = {t.index: rng.normal(size=t.shape).astype(np.float32) for t in made}
    layers = [LayerValues(f"layer of {t.name}", values[t.index] * (1 + 1e-6)) for t in made]
    layers.append(LayerValues("unlike", rng.normal(size=made[0].shape).astype(np.float32)))
    names = dict(name_layers(graph, values, layers[::-1]))
    assert names == {t.name: f"layer of {t.name}" for t in made}


def test_layers_that_give_nothing_go_by_turn(build_model: Callable[..., bytes]) -> None:
    graph = read_model(build_model()).main
    made = [graph.tensors[each.outputs[0]] for each in graph.operators]
    values = {t.index: np.zeros(t.shape, np.float32) for t in made}
    layers = [LayerValues(t.name, values[t.index]) for t in made]
    assert name_layers(graph, values, layers) == [(t.name, t.name) for t in made]


def test_what_is_found_nowhere_has_no_name(build_model: Callable[..., bytes]) -> None:
    graph = read_model(build_model()).main
    values = {each.outputs[0]: np.ones(3, np.float32) for each in graph.operators}
    assert name_layers(graph, values, [LayerValues("other", np.zeros(3, np.float32))]) == []
