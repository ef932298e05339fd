"""What each option of ``[network]`` costs in the shape of the preset `speech`.

Nothing is trained: neither operators nor shapes depend on weights. The planes are named, not
computed, so that the frontend's own cost is not in here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeser.network.config import QUATERNION_PLANES, NetworkConfig
from edgeser.pipeline.bench import bench
from edgeser.recipe import load_recipe
from edgeser.targets.emulator import default_emulator
from firmware_bridge.frontend import INPUT_SCALE
from quantize.edgetpu.estimate import estimate
from quantize.edgetpu.latency import Link
from quantize.foundation.errors import ToolMissing
from quantize.tflite import read_model

if TYPE_CHECKING:
    from quantize.convert import QuantizedModel

_CLASSES = 6
_PHASE = ("if_re", "if_im", "gd_re", "gd_im")
_PLANES: dict[str, tuple[str, ...]] = {
    "amplitude": ("amplitude",),
    "quaternion": QUATERNION_PLANES,
}
_VARIANTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("speech as it is: both, gated", {}),
    ('pooling = "mean"', {"pooling": "mean"}),
    ('pooling = "attention"', {"pooling": "attention"}),
    ("self_attention = 16", {"self_attention": 16}),
    ("attention, self_attention = 32", {"pooling": "attention", "self_attention": 32}),
    ('classifier = "pls"', {"classifier": "pls"}),
    ('heads = ["emotion", "vad"]', {"heads": ("emotion", "vad")}),
    ('algebra = "quaternion"', {"algebra": "quaternion"}),
    ('inputs = "amplitude"', {"inputs": "amplitude"}),
    ('inputs = "quaternion"', {"inputs": "quaternion"}),
    ("quaternion inputs and algebra", {"inputs": "quaternion", "algebra": "quaternion"}),
    (
        "that, attention, self_attention = 16",
        {
            "inputs": "quaternion",
            "algebra": "quaternion",
            "pooling": "attention",
            "self_attention": 16,
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """One row: free parameters, bytes of the int8 model, and what the emulated Cortex-M7 says."""

    parameters: int
    int8_bytes: int
    arena_bytes: float
    instructions: float
    milliseconds: float
    edge_tpu_ms: float

    def __str__(self) -> str:
        return (
            f"{self.parameters:9,} {self.int8_bytes:9,} {self.arena_bytes:9,.0f} "
            f"{self.instructions / 1e6:9.2f} {self.milliseconds:9.2f} {self.edge_tpu_ms:9.2f}"
        )


def main() -> None:
    """Print a table of costs."""
    print(
        "[network] in the shape of the preset speech, six classes; Cortex-M7 at 800 MHz emulated:"
    )
    heads = ("free w.", "int8 B", "arena B", "M instr.", "ms (pr.)", "TPU (pr.)")
    print(f"  {'':38}{' '.join(f'{head:>9}' for head in heads)}")
    base = load_recipe("speech").network
    try:
        for name, changes in _VARIANTS:
            print(f"  {name:38}{cost_of(replace(base, **changes))}", flush=True)
    except ToolMissing as error:
        print(f"network: {error}")


def cost_of(config: NetworkConfig) -> Cost:
    """Return what a network costs as int8 firmware, and on the Edge TPU of a Coral Micro."""
    parameters, model = _converted(config)
    report = bench(model.int8_tflite, target=default_emulator(), name="network")
    arena = next(part.size.value for part in report.memory if part.name == "arena")
    found = estimate(read_model(model.int8_tflite), link=Link.MICRO)
    return Cost(
        parameters=parameters,
        int8_bytes=len(model.int8_tflite),
        arena_bytes=arena,
        instructions=report.inference.value,
        milliseconds=ms.value if (ms := report.figures.inference_ms) else float("nan"),
        edge_tpu_ms=found.latency_ms.value,
    )


def _converted(config: NetworkConfig) -> tuple[int, QuantizedModel]:
    import torch

    from edgeser.network import AmplitudePhaseNetwork
    from edgeser.network.hamilton import expand
    from quantize.convert import export_int8

    window = load_recipe("speech").window.frames
    planes: tuple[str, ...] = ("amplitude", *_PHASE)
    if config.inputs in _PLANES:
        planes = _PLANES[config.inputs]
    torch.manual_seed(0)
    network = AmplitudePhaseNetwork(config, planes, window, 40, _CLASSES)
    steps = np.random.default_rng(0).integers(-8, 9, (8, *network.input_shape))
    clips = np.cumsum(steps, axis=2).clip(-100, 100).astype(np.float32) * INPUT_SCALE
    with torch.no_grad():
        for _ in range(15):  # batch norms take their statistics
            network.train()(torch.from_numpy(clips))
    model = export_int8(
        expand(network.eval()),
        input_shape_nchw=(1, *network.input_shape),
        representative=clips,
        input_scale=INPUT_SCALE,
        output_names=config.heads if len(config.heads) > 1 else ("output",),
    )
    return sum(p.numel() for p in network.parameters() if p.requires_grad), model


if __name__ == "__main__":
    main()
