"""The keyword model with CMSIS-NN's kernels in place of ours: the same layers, program and flags.

CMSIS-NN is not part of this project: the caller says where its sources are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from firmware_bridge.compiler.compile import CompiledModel
from firmware_bridge.compiler.fixed_point import quantise_multiplier
from quantize.foundation.errors import BadInput

_REPLACED = {"CONV_2D": "convolve", "DEPTHWISE_CONV_2D": "depthwise_conv"}
_FILES = (
    "Source/ConvolutionFunctions/arm_convolve_*s8.c",
    "Source/ConvolutionFunctions/arm_convolve_1x1_s8_fast.c",
    "Source/ConvolutionFunctions/arm_depthwise_conv_*s8*.c",
    "Source/ConvolutionFunctions/arm_nn_mat_mult_*s8*.c",
    "Source/FullyConnectedFunctions/arm_fully_connected_s8.c",
    "Source/NNSupportFunctions/arm_nn_*s8.c",
    "Source/NNSupportFunctions/arm_q7_to_q15_with_offset.c",
    "Source/PoolingFunctions/arm_avgpool_s8.c",
)
_SCRATCH_BYTES = 8192


def put_in(project: Path, compiled: CompiledModel, cmsis_nn: Path) -> None:
    """Change a project that was written for a model: its layers call CMSIS-NN.

    Raises
    ------
    BadInput
        When an operator has no kernel here, or there are no sources.
    """
    sources = _sources(cmsis_nn)
    source = project / "model" / f"{compiled.prefix}.c"
    text = source.read_text()
    parts = [_HEAD]
    for call in compiled.calls:
        if call.name in ("RESHAPE", "SOFTMAX"):
            continue
        parts.append(_layer(compiled, call.operator))
        pattern = rf"  {call.function}\(&op{call.operator}_layer, ([^,]+), ([^,;)]+)(, [^;]*)?\);"
        text, replaced = re.subn(pattern, rf"  peer_{call.operator}(\1, \2);", text)
        if replaced != 1:
            raise BadInput(f"operator {call.operator} {call.name} cannot be replaced")
    text = text.replace("\nvoid *", "\n".join(["", *parts, "void *"]), 1)
    source.write_text(text)
    makefile = project / "Makefile"
    lines = makefile.read_text()
    names = []
    (project / "peer").mkdir()
    for path in sources:
        (project / "peer" / path.name).write_bytes(path.read_bytes())
        names.append(f"  peer/{path.name} \\")
    lines = lines.replace("SOURCES := \\\n", "SOURCES := \\\n" + "\n".join(names) + "\n")
    flags = "-Wall -Wextra -Wconversion -Werror"
    includes = " ".join(f"-isystem {folder.resolve()}" for folder in _includes(cmsis_nn))
    makefile.write_text(lines.replace(flags, f"-w {includes}"))


def _sources(cmsis_nn: Path) -> list[Path]:
    found = sorted({path for pattern in _FILES for path in cmsis_nn.glob(pattern)})
    if not found:
        raise BadInput(f"no sources of CMSIS-NN 4 below {cmsis_nn}", hint="name its folder")
    return found


def _includes(cmsis_nn: Path) -> Iterable[Path]:
    yield cmsis_nn / "Include"
    core = cmsis_nn.parent / "cmsis_core" / "Include"  # as the wheel of bakenn has it
    yield core if core.is_dir() else cmsis_nn.parent / "Core" / "Include"


_HEAD = f"""
#include "arm_nnfunctions.h"
static int8_t peer_scratch[{_SCRATCH_BYTES}] __attribute__((aligned(16)));
static const cmsis_nn_context peer_context = {{peer_scratch, sizeof peer_scratch}};
"""


def _array(kind: str, name: str, values: Iterable[int]) -> str:
    return f"static const {kind} {name}[] = {{{', '.join(str(int(v)) for v in values)}}};"


def _layer(compiled: CompiledModel, index: int) -> str:
    graph = compiled.graph
    operator = graph.operators[index]
    source, result = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    zero, to = source.quantisation.zero_points[0], result.quantisation.zero_points[0]
    options = operator.options
    relu = options.activation.name == "RELU"
    least = to if relu else -128
    p = f"peer{index}"
    if operator.code.name == "AVERAGE_POOL_2D":
        h, w, c = source.shape[1:]
        return f"""static void peer_{index}(const int8_t *in, int8_t *out) {{
  const cmsis_nn_pool_params pool = {{{{{w}, {h}}}, {{0, 0}}, {{{least}, 127}}}};
  const cmsis_nn_dims from = {{1, {h}, {w}, {c}}}, filter = {{1, {h}, {w}, 1}};
  const cmsis_nn_dims to = {{1, 1, 1, {c}}};
  arm_avgpool_s8(&peer_context, &pool, &from, in, &filter, &to, out);
}}"""
    weights, bias = (graph.tensors[i] for i in operator.inputs[1:3])
    assert weights.data is not None and bias.data is not None
    scale = float(source.quantisation.scales[0]) * weights.quantisation.scales.astype(np.float64)
    pairs = [quantise_multiplier(s / float(result.quantisation.scales[0])) for s in scale]
    taps = weights.data.view(np.int8).reshape(-1)
    sums = bias.data.reshape(-1).view(np.int32)
    arrays = "\n".join(
        (
            _array("int8_t", f"{p}_weights", taps),
            _array("int32_t", f"{p}_bias", sums),
            _array("int32_t", f"{p}_multiplier", (m for m, _ in pairs)),
            _array("int32_t", f"{p}_shift", (s for _, s in pairs)),
        )
    )
    if operator.code.name == "FULLY_CONNECTED":
        outputs, inputs = weights.shape
        m, s = pairs[0]
        return f"""{arrays}
static void peer_{index}(const int8_t *in, int8_t *out) {{
  const cmsis_nn_fc_params layer = {{{-zero}, 0, {to}, {{{least}, 127}}}};
  const cmsis_nn_per_tensor_quant_params scale = {{{m}, {s}}};
  const cmsis_nn_dims from = {{1, 1, 1, {inputs}}}, filter = {{{inputs}, 1, 1, {outputs}}};
  const cmsis_nn_dims bias = {{1, 1, 1, {outputs}}}, to = {{1, 1, 1, {outputs}}};
  arm_fully_connected_s8(&peer_context, &layer, &scale, &from, in, &filter, {p}_weights, &bias,
                         {p}_bias, &to, out);
}}"""
    _, in_h, in_w, in_c = source.shape
    _, out_h, out_w, out_c = result.shape
    h, w = weights.shape[1:3]
    pads = [
        max(0, (o - 1) * s + k - i) // 2 if options.padding.name == "SAME" else 0
        for o, s, k, i in (
            (out_w, options.stride_w, w, in_w),
            (out_h, options.stride_h, h, in_h),
        )
    ]
    depthwise = operator.code.name == "DEPTHWISE_CONV_2D"
    kind = "dw_conv" if depthwise else "conv"
    multiplier = f" {out_c // in_c}," if depthwise else ""
    filter_dims = f"{{1, {h}, {w}, {out_c}}}" if depthwise else f"{{{out_c}, {h}, {w}, {in_c}}}"
    return f"""{arrays}
static void peer_{index}(const int8_t *in, int8_t *out) {{
  const cmsis_nn_{kind}_params layer = {{{-zero}, {to},{multiplier}
    {{{options.stride_w}, {options.stride_h}}}, {{{pads[0]}, {pads[1]}}}, {{1, 1}},
    {{{least}, 127}}}};
  const cmsis_nn_per_channel_quant_params scale = {{(int32_t *){p}_multiplier,
                                                   (int32_t *){p}_shift}};
  const cmsis_nn_dims from = {{1, {in_h}, {in_w}, {in_c}}}, filter = {filter_dims};
  const cmsis_nn_dims bias = {{1, 1, 1, {out_c}}}, to = {{1, {out_h}, {out_w}, {out_c}}};
  arm_{_REPLACED[operator.code.name]}_wrapper_s8(&peer_context, &layer, &scale, &from, in, &filter,
                          {p}_weights, &bias, {p}_bias, &to, out);
}}"""
