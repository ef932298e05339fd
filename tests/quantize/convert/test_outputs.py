"""A network with several outputs: each named, in its own place, with a scale of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from quantize.convert import QuantizedModel, export_int8
from quantize.convert.output_order import with_outputs
from quantize.foundation.errors import BadInput
from quantize.layer_error import layer_errors
from quantize.runtimes import Runtime, run_outputs
from quantize.tflite import read_model

NAMES = ("zeta", "alpha", "vad")


class ThreeHeads(nn.Module):
    """Outputs of 5, 3 and 3 values whose ranges are a decade apart."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(1, 8, 3, stride=2)
        self.heads = nn.ModuleList([nn.Linear(8, width) for width in (5, 3, 3)])

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = nn.functional.relu6(self.body(x)).mean(dim=(2, 3))
        return tuple(
            head(y) * factor for head, factor in zip(self.heads, (1.0, 10.0, 0.1), strict=True)
        )


def samples(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, (count, 16, 12, 1), dtype=np.int8)


@pytest.fixture(scope="module")
def network() -> ThreeHeads:
    torch.manual_seed(3)
    return ThreeHeads().eval()


@pytest.fixture(scope="module")
def converted(network: ThreeHeads) -> QuantizedModel:
    real = samples(1, 32).astype(np.float32).transpose(0, 3, 1, 2) / 32
    return export_int8(
        network, input_shape_nchw=(1, 1, 16, 12), representative=real, output_names=NAMES
    )


def test_names_and_order_are_the_networks(converted: QuantizedModel) -> None:
    for data in (converted.int8_tflite, converted.float_tflite):
        outputs = read_model(data).main.output_tensors
        assert [(t.name, t.shape) for t in outputs] == [
            ("zeta", (1, 5)),
            ("alpha", (1, 3)),
            ("vad", (1, 3)),
        ]
    assert [o.name for o in converted.outputs] == list(NAMES)
    assert converted.output == converted.outputs[0]


def test_each_output_has_its_own_scale_and_its_own_values(
    converted: QuantizedModel, network: ThreeHeads
) -> None:
    scales = [output.scale for output in converted.outputs]
    assert scales[1] > 5 * scales[0] > 25 * scales[2]
    inputs = samples(2, 16)
    with torch.inference_mode():
        wanted = network(torch.from_numpy(inputs.transpose(0, 3, 1, 2).astype(np.float32) / 32))
    found = run_outputs(converted.int8_tflite, inputs, runtime=Runtime.TFLITE_MICRO)
    for output, values, real in zip(converted.outputs, found, wanted, strict=True):
        got = (values.astype(np.float64) - output.zero_point) * output.scale
        assert np.abs(got - real.numpy()).max() < 6 * output.scale


def test_layers_are_still_paired(converted: QuantizedModel) -> None:
    found = layer_errors(
        converted.float_tflite,
        converted.int8_tflite,
        samples(2, 4),
        layer_names=dict(converted.layer_names),
    )
    assert found.unmatched == ()
    assert {"body", "heads.0"} <= {layer.name for layer in found.layers}


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("a", "b"), "returns 3 outputs, 2 are named"),
        (("a", "a", "b"), "cannot be named"),
        (("a", "b", "a name"), "cannot be named"),
        (("a", "b", "c" * 17), "cannot be named"),
        ((), "cannot be named"),
        (("a",), "returns a tuple, not one tensor"),
    ],
)
def test_names_that_do_not_fit_are_refused(
    network: ThreeHeads, names: tuple[str, ...], reason: str
) -> None:
    real = np.zeros((2, 1, 16, 12), np.float32)
    with pytest.raises(BadInput, match=reason):
        export_int8(
            network, input_shape_nchw=(1, 1, 16, 12), representative=real, output_names=names
        )


def test_other_outputs_than_the_files_are_refused(converted: QuantizedModel) -> None:
    with pytest.raises(ValueError, match="the outputs are"):
        with_outputs(converted.int8_tflite, ("zeta", "alpha"), ("a", "b"))
    with pytest.raises(ValueError, match="is longer than"):
        with_outputs(converted.int8_tflite, NAMES, ("longer", "b", "c"))
