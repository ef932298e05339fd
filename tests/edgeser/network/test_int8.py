"""Each option, trained for a moment, as int8: mapped on the Edge TPU, exact as firmware."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig
from edgeser.network.config import QUATERNION_PLANES
from edgeser.network.hamilton import HamiltonConvolution, expand
from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.host_build import build_host_model
from quantize.convert import QuantizedModel, export_int8
from quantize.edgetpu.estimate import estimate
from quantize.edgetpu.latency import Link
from quantize.edgetpu.lint import lint_model
from quantize.runtimes import Runtime, arena_usage, run_model
from quantize.tflite import read_model

SCALE = 1 / 32
FRAMES, CHANNELS, CLASSES, CLIPS, STEPS = 40, 16, 4, 16, 50
PHASE = ("amplitude", "if_re", "if_im", "gd_re", "gd_im")
SMALL = {
    "centring": "speech",
    "stem_width": 8,
    "widths": (8, 12, 12),
    "strides": (1, 2, 1),
    "phase_widths": (8, 12),
    "phase_strides": (2, 1),
    "phase_smoothing_frames": 2,
    "dropout": 0.0,
    "phase_dropout": 0.0,
}
OPTIONS: list[tuple[str, tuple[str, ...], dict[str, object]]] = [
    ("attention", PHASE, {"inputs": "both", "pooling": "attention"}),
    ("self-attention", PHASE, {"inputs": "amplitude", "self_attention": 8}),
    ("quaternion algebra", PHASE, {"inputs": "both", "algebra": "quaternion"}),
    ("encoders", PHASE, {"inputs": "both", "classifier": "pls", "encoder_width": 4}),
    ("quaternion inputs", QUATERNION_PLANES, {"inputs": "quaternion", "pooling": "mean"}),
    (
        "all",
        QUATERNION_PLANES,
        {
            "inputs": "quaternion",
            "algebra": "quaternion",
            "pooling": "attention",
            "self_attention": 8,
        },
    ),
]


def clips(planes: int) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Return [clips, planes, frames, channels], and classes: the channels where energy stands."""
    random = np.random.default_rng(5)
    x = random.normal(0.0, 16.0, (CLIPS, planes, FRAMES, CHANNELS))
    labels = np.arange(CLIPS) % CLASSES
    for clip, label in enumerate(labels):
        at = int(random.integers(0, FRAMES - 12))
        x[clip, :, at : at + 12, label * 4 : label * 4 + 4] += 40.0
    return np.clip(np.round(x), -128, 127).astype(np.int8), labels


def fitted(planes: tuple[str, ...], options: Mapping[str, object]) -> AmplitudePhaseNetwork:
    """Train a network of these options until it knows the clips."""
    torch.manual_seed(0)
    config = NetworkConfig(**(SMALL | options))  # type: ignore[arg-type]
    network = AmplitudePhaseNetwork(config, planes, FRAMES, CHANNELS, CLASSES).train()
    values, labels = clips(len(planes))
    x, y = torch.from_numpy(values.astype(np.float32) * SCALE), torch.from_numpy(labels)
    optimiser = torch.optim.AdamW(network.parameters())
    falling = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=STEPS)
    for _ in range(STEPS):
        optimiser.zero_grad()
        torch.autograd.backward(torch.nn.functional.cross_entropy(network(x), y))
        optimiser.step()
        falling.step()
    assert float((network.eval()(x).argmax(dim=1) == y).float().mean()) == 1.0
    return network


def exported(network: AmplitudePhaseNetwork) -> QuantizedModel:
    values, _ = clips(len(network.planes))
    return export_int8(
        expand(network),
        input_shape_nchw=(1, *network.input_shape),
        representative=values.astype(np.float32) * SCALE,
        input_scale=SCALE,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("planes", "options"), [pytest.param(p, o, id=name) for name, p, o in OPTIONS]
)
def test_an_option_is_mapped_and_exact(
    planes: tuple[str, ...], options: dict[str, object], tmp_path: Path
) -> None:
    network = fitted(planes, options)
    hamilton = any(isinstance(module, HamiltonConvolution) for module in network.modules())
    assert hamilton == (options.get("algebra") == "quaternion")
    quantised = exported(network)
    assert quantised.silent_layers == ()

    model = read_model(quantised.int8_tflite)
    report = lint_model(model)
    assert report.passed
    softmax = ["softmax-cost"] if options.get("pooling") == "attention" else []
    assert [finding.rule.id for finding in report.findings] == softmax
    assert estimate(model, link=Link.MICRO).not_counted == ()

    values, _ = clips(len(planes))
    inputs = np.ascontiguousarray(values.transpose(0, 2, 3, 1))
    int8 = run_model(quantised.int8_tflite, inputs, runtime=Runtime.TFLITE_MICRO).reshape(CLIPS, -1)
    compiled = compile_model(quantised.int8_tflite, "option")
    host = build_host_model(compiled, tmp_path / "host", objects=tmp_path / "objects")
    np.testing.assert_array_equal(host.outputs(inputs).reshape(CLIPS, -1), int8)
    assert compiled.arena_bytes <= arena_usage(quantised.int8_tflite).total.value

    with torch.inference_mode():
        logits = network(torch.from_numpy(values.astype(np.float32) * SCALE)).numpy()
    output = quantised.output
    real = (int8.astype(np.float64) - output.zero_point) * output.scale
    assert (real.argmax(axis=1) == logits.argmax(axis=1)).all()
    assert np.corrcoef(real.ravel(), logits.ravel())[0, 1] > 0.995
