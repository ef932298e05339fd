"""The prediction against compiled files, against published times, and against its own claims."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.report.schemas.estimate import estimate_json
from quantize.edgetpu.cost import CHIP_BYTES, count_cost
from quantize.edgetpu.estimate import PARAMETER_BAND, estimate
from quantize.edgetpu.latency import (
    FITTED,
    INSTRUCTION_BAND,
    LEAVE_ONE_OUT_MEAN,
    LEAVE_ONE_OUT_WORST,
    PUBLISHED,
    PUBLISHED_USB2,
    CheckPoint,
    Link,
    PublishedPoint,
    leave_one_out,
    refit,
    slower_link_ms,
)
from quantize.edgetpu.package import read_compiled
from quantize.foundation.errors import CheckFailed
from quantize.foundation.measurement import Evidence
from quantize.tflite import read_model

Build = Callable[..., bytes]


@dataclass
class Network:
    """Collects layers; `place` is height, width and channels of the last output."""

    place: tuple[int, int, int]
    macs: int = 0
    padded_macs: int = 0
    activation_bytes: int = 0
    parameter_bytes: int = 0

    def conv(self, channels: int, kernel: int = 1, stride: int = 1) -> None:
        h, w, c = self.place
        h, w = math.ceil(h / stride), math.ceil(w / stride)
        positions = h * w * kernel**2
        self.macs += positions * c * channels
        padded = math.ceil(c / 4) * 4
        self.padded_macs += positions * padded * math.ceil(channels / 64) * 64
        unit = 16 if channels <= 64 else 64
        rows = math.ceil(channels / unit) * unit
        self.parameter_bytes += rows * (4 + kernel**2 * padded)
        self._write(h, w, channels)

    def depthwise(self, kernel: int = 3, stride: int = 1) -> None:
        h, w, c = self.place
        h, w = math.ceil(h / stride), math.ceil(w / stride)
        self.macs += h * w * c * kernel**2
        self.parameter_bytes += math.ceil(c / 4) * (16 + 16 * kernel**2)
        self._write(h, w, c)

    def add(self) -> None:
        self._write(*self.place)

    def head(self, classes: int = 1001) -> None:
        """Pool to one position, whose bytes do not count beside the rest, and classify."""
        self.place = (1, 1, self.place[2])
        self.conv(classes)

    def _write(self, h: int, w: int, c: int) -> None:
        self.activation_bytes += h * w * c
        self.place = (h, w, c)


V1_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5)


def mobilenet_v1(width: float, side: int) -> Network:
    net = Network((side, side, 3))
    net.conv(int(32 * width), 3, 2)
    for channels, stride in (*V1_BLOCKS, (1024, 2), (1024, 1)):
        net.depthwise(3, stride)
        net.conv(int(channels * width))
    net.head()
    return net


def posenet(h: int, w: int) -> Network:
    """MobileNet v1 0.75 at a stride of 16, its last blocks no wider than the others, four heads."""
    net = Network((h, w, 3))
    net.conv(24, 3, 2)
    stride_so_far = 2
    for channels, wanted in (*V1_BLOCKS, (512, 2), (512, 1)):
        stride = 1 if stride_so_far == 16 else wanted
        stride_so_far *= stride
        net.depthwise(3, stride)
        net.conv(int(channels * 0.75))
    trunk = net.place
    for channels in (17, 34, 64):
        net.place = trunk
        net.conv(channels)
    return net


def mobilenet_v2() -> Network:
    net = Network((224, 224, 3))
    net.conv(32, 3, 2)
    early = (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)
    late = (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)
    for expand, channels, repeats, stride in (*early, *late):
        for index in range(repeats):
            if expand > 1:
                net.conv(net.place[2] * expand)
            net.depthwise(3, stride if index == 0 else 1)
            net.conv(channels)
            if index:
                net.add()
    net.conv(1280)
    net.head()
    return net


def efficientnet_edgetpu(side: int, depth: float) -> Network:
    net = Network((side, side, 3))
    net.conv(32, 3, 2)
    fused = (1, 3, 1, 4, 24, True), (2, 3, 2, 8, 32, True), (4, 3, 2, 8, 48, True)
    apart = (5, 5, 2, 8, 96, False), (4, 5, 1, 8, 144, False), (2, 5, 2, 8, 192, False)
    for repeats, kernel, stride, expand, channels, is_fused in (*fused, *apart):
        for index in range(math.ceil(repeats * depth)):
            own = stride if index == 0 else 1
            if is_fused:
                net.conv(net.place[2] * expand, kernel, own)
            else:
                net.conv(net.place[2] * expand)
                net.depthwise(kernel, own)
            net.conv(channels)
            if index:
                net.add()
    net.conv(1280)
    net.head()
    return net


NETWORKS = {
    "MobileNet v1 0.25, 128x128": mobilenet_v1(0.25, 128),
    "MobileNet v1 0.5, 160x160": mobilenet_v1(0.5, 160),
    "MobileNet v1 0.75, 192x192": mobilenet_v1(0.75, 192),
    "MobileNet v1 1.0, 224x224": mobilenet_v1(1.0, 224),
    "MobileNet v2 1.0, 224x224": mobilenet_v2(),
    "PoseNet, 353x481": posenet(353, 481),
    "PoseNet, 481x641": posenet(481, 641),
    "PoseNet, 721x1281": posenet(721, 1281),
    "EfficientNet-EdgeTPU S": efficientnet_edgetpu(224, 1.0),
    "EfficientNet-EdgeTPU M": efficientnet_edgetpu(240, 1.1),
}


PAIRS = (
    "deeplabv3_mnv2_dm05_pascal_quant",
    "keras_lstm_mnist_ptq",
    "mobilenet_v1_0.25_128_quant",
    "split_concat",
)


@pytest.mark.parametrize("name", PAIRS)
def test_bytes_against_compiled_files(shared: Path, name: str) -> None:
    found = estimate(read_model(shared / "edgetpu_models" / f"{name}.tflite"))
    compiled = read_compiled(read_model(shared / "edgetpu_models" / f"{name}_edgetpu.tflite"))
    parameters = compiled.cached_bytes + compiled.streamed_bytes
    if parameters > 100_000:
        assert found.parameter_bytes.value == pytest.approx(parameters, rel=0.001)
    else:
        assert abs(found.parameter_bytes.value - parameters) < 1024
    low, high = INSTRUCTION_BAND
    program = compiled.instruction_bytes
    assert low * found.instruction_bytes.value < program < high * found.instruction_bytes.value
    assert found.instruction_bytes.value == pytest.approx(program, rel=0.15)
    assert found.fits
    (package,) = compiled.packages
    if name != "keras_lstm_mnist_ptq":  # its state crosses the link too
        assert found.input_bytes == pytest.approx(package.input_bytes, rel=0.001)


def test_the_published_features_are_those_of_the_networks() -> None:
    assert [point.name for point in PUBLISHED] == list(NETWORKS)
    for point in PUBLISHED:
        net = NETWORKS[point.name]
        assert point.activation_bytes == net.activation_bytes
        assert point.padded_macs == net.padded_macs
        assert point.macs == pytest.approx(net.macs, rel=0.003)


def test_parameters_of_a_published_compilation() -> None:
    """MobileNet v2 1.0: a published log says 3.75 MiB of parameters on the chip."""
    net = NETWORKS["MobileNet v2 1.0, 224x224"]
    assert net.parameter_bytes / 2**20 == pytest.approx(3.75, rel=0.01)


def test_the_fit_is_the_one_that_is_claimed() -> None:
    again = refit(PUBLISHED)
    assert again.ms_per_activation_mb == pytest.approx(FITTED.ms_per_activation_mb, rel=1e-3)
    assert again.ms_per_padded_gmac == pytest.approx(FITTED.ms_per_padded_gmac, rel=1e-3)
    errors = np.abs(leave_one_out())
    assert errors.mean() == pytest.approx(LEAVE_ONE_OUT_MEAN, abs=1e-4)
    assert errors.max() == pytest.approx(LEAVE_ONE_OUT_WORST, abs=1e-4)
    assert errors.mean() <= 0.06


@pytest.mark.parametrize("check", PUBLISHED_USB2, ids=lambda check: check.host)
def test_published_times_over_usb_2_lie_in_the_range(check: CheckPoint) -> None:
    (point,) = [point for point in PUBLISHED if point.name == check.network]
    compute = FITTED.compute_ms(point.activation_bytes, point.padded_macs)
    low, middle, high = slower_link_ms(
        Link.USB2, point.transferred_bytes, check.instruction_bytes, compute
    )
    assert low < check.ms < high
    assert low < middle < high


def test_a_fit_never_goes_below_zero() -> None:
    fast = [PublishedPoint("x", 1, 10_000_000 * i, 10, 1000, 0.74) for i in range(1, 4)]
    found = refit(fast)
    assert min(found.ms_per_activation_mb, found.ms_per_padded_gmac) >= 0


@pytest.mark.parametrize("link", list(Link))
def test_every_figure_is_predicted_with_a_range(build_model: Build, link: Link) -> None:
    found = estimate(read_model(build_model()), link=link)
    assert (found.mapped, found.operators) == (5, 5)
    figures = (found.parameter_bytes, found.instruction_bytes, found.latency_ms, found.first_ms)
    for figure in figures:
        assert figure.evidence is Evidence.PREDICTED
        assert figure.interval is not None
        low, high = figure.interval
        assert low <= figure.value <= high
    assert found.not_counted == ()
    value = estimate_json(found)
    assert value["link"] == link.value
    assert value["fit"]["points"] == 10


def test_slower_links_take_longer(build_model: Build) -> None:
    model = read_model(build_model())
    times = [estimate(model, link=link).latency_ms.value for link in Link]
    assert times == sorted(times)


def large_dense(build_model: Build) -> bytes:
    def edit(model: Any, schema: Any) -> None:
        del schema
        graph = model.subgraphs[0]
        dense = graph.operators[4]
        flat, weights, bias = (graph.tensors[index] for index in dense.inputs)
        flat.shape, weights.shape, bias.shape = [1, 4096], [3000, 4096], [3000]
        graph.tensors[dense.outputs[0]].shape = [1, 3000]
        model.buffers[weights.buffer].data = np.zeros(3000 * 4096, np.uint8)
        model.buffers[bias.buffer].data = np.zeros(12_000, np.uint8)

    return build_model(edit)


def test_what_does_not_fit_is_streamed(build_model: Build) -> None:
    found = estimate(read_model(large_dense(build_model)))
    assert not found.fits
    assert found.cache_bytes is not None
    assert found.cache_bytes.value < CHIP_BYTES
    parameters = 3008 // 64 * 64 * 4100
    assert found.parameter_bytes.value == pytest.approx(parameters, rel=0.03)
    assert found.streamed_bytes.value == found.parameter_bytes.value - found.cache_bytes.value
    assert found.latency_ms.value > found.streamed_bytes.value / 305e6 * 1e3


def test_nothing_on_the_chip_is_nothing_to_predict(shared: Path) -> None:
    with pytest.raises(CheckFailed, match="0 of 1 operators map"):
        estimate(read_model(shared / "edgetpu_models" / "model_invoking_error.tflite"))


def test_compiled_files_have_their_own_bytes(shared: Path) -> None:
    folder = shared / "edgetpu_models"
    old = estimate(read_model(folder / "voice_commands_v0.7_edgetpu.tflite"), link=Link.MICRO)
    assert old.parameter_bytes.value == 487_168
    assert old.parameter_bytes.evidence is Evidence.MEASURED
    assert old.latency_ms.evidence is Evidence.PREDICTED
    assert old.not_counted == ()
    new = estimate(read_model(folder / "deeplabv3_mnv2_dm05_pascal_quant_edgetpu.tflite"))
    assert new.compiled
    assert any("8 operators on the CPU" in text for text in new.not_counted)
    assert any("cycles" in text for text in new.not_counted)


def test_a_compiled_file_with_a_published_time_is_within_its_range(shared: Path) -> None:
    """And near what its uncompiled twin predicts: 0.9 ms are published."""
    folder = shared / "edgetpu_models"
    found = estimate(read_model(folder / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"))
    twin = estimate(read_model(folder / "mobilenet_v1_0.25_128_quant.tflite"))
    assert found.latency_ms.interval is not None
    low, high = found.latency_ms.interval
    assert low < 0.9 < high
    assert low < twin.latency_ms.value < high
    assert found.latency_ms.value == pytest.approx(0.9, rel=0.06)
    slower = estimate(
        read_model(folder / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"), link=Link.USB2
    )
    assert slower.latency_ms.value > 0.73 + 170_032 / 40e6 * 1e3


def test_the_whole_cost_is_the_sum_of_its_parts(shared: Path) -> None:
    graph = read_model(shared / "edgetpu_models" / "mobilenet_v1_0.25_128_quant.tflite").main
    whole = count_cost(graph, graph.layers)
    first, second = graph.layers[:10], graph.layers[10:]
    parts = count_cost(graph, first), count_cost(graph, second)
    assert whole.parameter_bytes == sum(part.parameter_bytes for part in parts)
    assert whole.padded_macs == sum(part.padded_macs for part in parts)
    assert parts[0].output_bytes == parts[1].input_bytes
    assert PARAMETER_BAND[0] < 1 < PARAMETER_BAND[1]
