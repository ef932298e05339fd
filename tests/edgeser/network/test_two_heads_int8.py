"""Networks with both heads, trained for a moment, as int8: mapped, and exact in both outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig
from edgeser.network.config import QUATERNION_PLANES
from edgeser.network.hamilton import expand
from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.host_build import build_host_model
from quantize.convert import export_int8
from quantize.edgetpu.lint import lint_model
from quantize.runtimes import Runtime, run_outputs
from quantize.tflite import read_model
from tests.edgeser.network.test_int8 import CHANNELS, CLASSES, FRAMES, PHASE, SCALE, SMALL, clips

STEPS = 60


def fitted(planes: tuple[str, ...], options: dict[str, object]) -> AmplitudePhaseNetwork:
    """Train both heads: the label is where energy stands, its place in time the three values."""
    torch.manual_seed(0)
    config = NetworkConfig(**(SMALL | {"heads": ("emotion", "vad")} | options))  # type: ignore[arg-type]
    network = AmplitudePhaseNetwork(config, planes, FRAMES, CHANNELS, CLASSES).train()
    values, labels = clips(len(planes))
    x, y = torch.from_numpy(values.astype(np.float32) * SCALE), torch.from_numpy(labels)
    wanted = torch.from_numpy(np.random.default_rng(6).uniform(-1, 1, (len(y), 3))).float()
    optimiser = torch.optim.AdamW(network.parameters(), 1e-2)
    for _ in range(STEPS):
        optimiser.zero_grad()
        logits, vad = network(x)
        loss = torch.nn.functional.cross_entropy(logits, y)
        torch.autograd.backward(loss + torch.nn.functional.mse_loss(vad, wanted))
        optimiser.step()
    return network.eval()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("planes", "options"),
    [
        pytest.param(PHASE, {"inputs": "both"}, id="both branches"),
        pytest.param(PHASE, {"inputs": "phase", "style_width": 0}, id="phase, no style"),
        pytest.param(
            QUATERNION_PLANES,
            {"inputs": "quaternion", "algebra": "quaternion", "self_attention": 8},
            id="quaternions",
        ),
    ],
)
def test_both_outputs_are_mapped_and_exact(
    planes: tuple[str, ...], options: dict[str, object], tmp_path: Path
) -> None:
    network = fitted(planes, options)
    values, _ = clips(len(planes))
    real = values.astype(np.float32) * SCALE
    quantised = export_int8(
        expand(network),
        input_shape_nchw=(1, *network.input_shape),
        representative=real,
        input_scale=SCALE,
        output_names=network.config.heads,
    )
    assert quantised.silent_layers == ()
    model = read_model(quantised.int8_tflite)
    assert lint_model(model).findings == ()
    outputs = model.main.output_tensors
    assert [(t.name, t.shape) for t in outputs] == [("emotion", (1, CLASSES)), ("vad", (1, 3))]

    inputs = np.ascontiguousarray(values.transpose(0, 2, 3, 1))
    int8 = run_outputs(quantised.int8_tflite, inputs, runtime=Runtime.TFLITE_MICRO)
    compiled = compile_model(quantised.int8_tflite, "heads")
    host = build_host_model(compiled, tmp_path / "host", objects=tmp_path / "objects")
    for found, expected in zip(host.all_outputs(inputs), int8, strict=True):
        np.testing.assert_array_equal(
            found.reshape(len(values), -1), expected.reshape(len(values), -1)
        )

    with torch.inference_mode():
        of_float = network(torch.from_numpy(real))
    for found, said, tensor in zip(int8, of_float, outputs, strict=True):
        assert tensor.quantisation is not None
        steps = found.reshape(len(values), -1).astype(np.float64) - tensor.quantisation.zero_point
        apart = np.corrcoef((steps * tensor.quantisation.scale).ravel(), said.numpy().ravel())[0, 1]
        assert apart > 0.98
