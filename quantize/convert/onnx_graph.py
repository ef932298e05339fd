"""The first step down: a PyTorch module becomes an ONNX graph."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from quantize.foundation.errors import BadInput, CheckFailed

OPSET = 17
_MAX_INPUT_VALUES = 1 << 24


def write_onnx(
    module: torch.nn.Module,
    shape_nchw: tuple[int, int, int, int],
    path: Path,
    *,
    output_names: Sequence[str] = ("output",),
) -> None:
    """Write a module, in evaluation mode and on the CPU, as an ONNX file of opset 17.

    The module itself is left as it was: its mode, device and weights.

    Parameters
    ----------
    module
        Takes one float32 tensor of `shape_nchw`, returns one of shape [1, outputs]; or a tuple of
        them, one for each name.
    shape_nchw
        Input shape: 1, channels, height, width.
    path
        The file to write, in a temporary folder.
    output_names
        What its outputs are called.

    Raises
    ------
    BadInput
        When it is no module, holds NaN or infinity, or cannot run on that shape.
    CheckFailed
        When it uses an operation that ONNX cannot express.
    """
    if not isinstance(module, torch.nn.Module):
        raise BadInput(
            f"cannot export a {type(module).__name__}: it is not a torch.nn.Module",
            hint="pass the trained network",
        )
    _refuse_broken_weights(module)
    frozen = copy.deepcopy(module).cpu().float().eval()
    example = torch.zeros(shape_nchw, dtype=torch.float32)
    _refuse_wrong_outputs(_run_once(frozen, example), output_names)
    trace(frozen, (example,), path, input_names=["input"], output_names=output_names)


def trace(
    module: torch.nn.Module,
    examples: Sequence[torch.Tensor],
    path: Path,
    *,
    input_names: Sequence[str],
    output_names: Sequence[str],
) -> None:
    """Write what a module does with examples as an ONNX file of `OPSET`.

    Raises
    ------
    CheckFailed
        When it uses an operation that ONNX cannot express.
    """
    # Where it fails, the exporter prints the whole graph, to stdout unless told otherwise.
    torch._C._jit_set_onnx_log_output_stream("stderr")
    with warnings.catch_warnings():
        # The tracing exporter is deprecated upstream, and is the one whose graphs convert cleanly.
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                module,
                tuple(examples),
                path,
                dynamo=False,
                opset_version=OPSET,
                input_names=list(input_names),
                output_names=list(output_names),
                do_constant_folding=True,
            )
        except (torch.onnx.errors.OnnxExporterError, RuntimeError, ValueError) as error:
            raise CheckFailed(
                f"the network cannot be expressed as ONNX: {_first_line(error)}",
                hint="use convolutions, pooling, element-wise operations and ReLU6 or sigmoid",
            ) from error


def check_input_shape(shape: Sequence[Any]) -> tuple[int, int, int, int]:
    """Return the shape as four integers, or refuse it.

    Raises
    ------
    BadInput
        When it is not 1, channels, height, width, each at least 1, of 16 million values at most.
    """
    hint = "give (1, channels, height, width), such as (1, 5, 150, 40)"
    try:
        sizes = tuple(shape)
    except TypeError as error:
        raise BadInput(f"the input shape is {shape!r}, not four integers", hint=hint) from error
    whole = all(isinstance(size, int) and not isinstance(size, bool) for size in sizes)
    if len(sizes) != 4 or not whole:
        raise BadInput(f"the input shape is {sizes!r}, not four integers", hint=hint)
    batch, channels, height, width = sizes
    values = channels * height * width
    if batch != 1 or min(sizes) < 1 or values > _MAX_INPUT_VALUES:
        raise BadInput(f"the input shape {sizes} is not one a device can feed", hint=hint)
    return batch, channels, height, width


def _refuse_broken_weights(module: torch.nn.Module) -> None:
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise BadInput(
                f"the weights of {name} hold NaN or infinity",
                hint="the training diverged; use an earlier epoch or a smaller learning rate",
            )


def _run_once(module: torch.nn.Module, example: torch.Tensor) -> Any:
    try:
        with torch.inference_mode():
            return module(example)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise BadInput(
            f"the network cannot run on an input of shape {list(example.shape)}: "
            f"{_first_line(error)}",
            hint="check the input shape: 1, channels, height, width",
        ) from error


def _refuse_wrong_outputs(given: Any, names: Sequence[str]) -> None:
    outputs = list(given) if isinstance(given, tuple | list) and len(names) > 1 else [given]
    if len(outputs) != len(names):
        raise BadInput(
            f"the network returns {len(outputs)} outputs, {len(names)} are named",
            hint=f"return a tuple of {len(names)} tensors",
        )
    for output in outputs:
        _refuse_wrong_output(output)


def _refuse_wrong_output(output: Any) -> None:
    if not isinstance(output, torch.Tensor):
        raise BadInput(
            f"the network returns a {type(output).__name__}, not one tensor",
            hint="return the logits alone",
        )
    if output.ndim != 2 or output.shape[0] != 1:
        raise BadInput(
            f"the network returns shape {list(output.shape)}, not [1, outputs]",
            hint="return the logits as [batch, classes]",
        )
    if not bool(torch.isfinite(output).all()):
        raise BadInput(
            "the network answers zeros with NaN or infinity",
            hint="the training diverged; use an earlier epoch or a smaller learning rate",
        )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
