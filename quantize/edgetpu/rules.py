"""The rules that a model must keep to run whole on the Edge TPU: one table.

Each rule's text is what the terminal, the reports and docs/edgetpu-rules.md say; the checks by the
same ids are in `quantize.edgetpu.checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from quantize.foundation.string_enum import StrEnum

_SEVERITIES = {"refused": "error", "cpu": "error", "board": "warning", "values": "warning"}


class Effect(StrEnum):
    """What happens when a rule is broken."""

    REFUSED = "refused"
    """The compiler refuses the whole file."""
    CPU = "cpu"
    """The operator, and all that depends on it, runs on the CPU."""
    BOARD = "board"
    """It compiles, but the Coral Dev Board Micro cannot run it, or not rightly."""
    VALUES = "values"
    """It compiles and runs, but what it computes is hardly what was meant."""
    COST = "cost"
    """It compiles and runs, at a cost or a risk that is worth knowing."""

    @property
    def severity(self) -> str:
        """``"error"``, ``"warning"`` or ``"note"``; only errors fail the lint."""
        return _SEVERITIES.get(self.value, "note")


class Basis(StrEnum):
    """How a rule is known."""

    DOCUMENTED = "documented"
    """The vendor says so."""
    REPORTED = "reported"
    """Users have seen it."""
    READ = "read"
    """It is in published source code."""
    INFERRED = "inferred"
    """It fits what compiled files show; the limit may lie elsewhere."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Parameters
    ----------
    id
        Stable name.
    text
        The rule, one sentence.
    effect
        What happens when it is broken.
    fix
        What to do.
    basis
        How it is known.
    source
        The public document that says so.
    """

    id: str
    text: str
    effect: Effect
    fix: str
    basis: Basis
    source: str


_SUPPORTED = "Coral, 'TensorFlow models on the Edge TPU', supported operations"
_MODEL = "Coral, 'TensorFlow models on the Edge TPU', model requirements"
_MICRO = "google-coral/coralmicro, libs/tpu/edgetpu_executable.cc"
_ISSUES = "google-coral/edgetpu, issues"

_RULES = (
    Rule(
        "unknown-builtin",
        "The compiler knows the builtin operators of 2021 and refuses a file with a newer one.",
        Effect.REFUSED,
        "replace the operator by older ones",
        Basis.REPORTED,
        f"{_ISSUES} 667 and 818",
    ),
    Rule(
        "refused-version",
        "Some operators make the compiler refuse the whole file when their version is too new.",
        Effect.REFUSED,
        "leave out grouped convolutions and dense layers with an input of rank 3 or without bias "
        "(one gives all of its kind the newer version), or use a converter that writes the older",
        Basis.REPORTED,
        f"{_ISSUES} 631, 845 and 879; google-coral/libedgetpu, issue 71",
    ),
    Rule(
        "control-flow",
        "A model has one graph: no IF, WHILE or CALL.",
        Effect.REFUSED,
        "unroll loops, and choose branches on the host",
        Basis.INFERRED,
        _MODEL,
    ),
    Rule(
        "constant-sizes",
        "Tensor sizes are constant at compile time, and so are shapes, axes and paddings.",
        Effect.REFUSED,
        "fix the input's shape before conversion, batch 1 included",
        Basis.DOCUMENTED,
        f"{_MODEL}; {_ISSUES} 829 and 831",
    ),
    Rule(
        "quantised-model",
        "A model must be quantised: a file without 8-bit tensors is refused.",
        Effect.REFUSED,
        "quantise with a representative data set and integer-only operators",
        Basis.REPORTED,
        "google-coral/edgetpu, issue 168",
    ),
    Rule(
        "scales",
        "Scales and options are those that an operator's integer kernel can compute with.",
        Effect.REFUSED,
        "convert the model again, with calibration data that reach every layer; converters set "
        "these numbers by themselves, so look at what edited the file",
        Basis.READ,
        "TensorFlow, lite/kernels/activations.cc, add.cc and kernel_util.cc, and TFLite-Micro's",
    ),
    Rule(
        "kernel-demands",
        "Kernels fix the scale of some outputs, of biases and weights, and of what is joined.",
        Effect.REFUSED,
        "convert the model again: converters keep this; look at what edited the file",
        Basis.READ,
        "TensorFlow, lite/kernels: activations.cc, conv.cc, concatenation.cc, pack.cc, l2norm.cc",
    ),
    Rule(
        "unequal-scales",
        "Kernels that move values, and biases that they add, are not rescaled to what a file says.",
        Effect.VALUES,
        "convert the model again: converters keep these scales in step",
        Basis.READ,
        "TensorFlow, lite/kernels: pooling.cc, pad.cc, reshape.cc, conv.cc",
    ),
    Rule(
        "prepares",
        "TensorFlow Lite's reference kernels can prepare the model: the compiler does so first.",
        Effect.REFUSED,
        "change the layer that the message is about, or convert the model again",
        Basis.READ,
        f"tried in LiteRT; 'Model failed in Tflite interpreter', {_ISSUES} 829 and 831",
    ),
    Rule(
        "unseen-range",
        "A scale at the converter's floor says that calibration saw nothing but zeros there.",
        Effect.VALUES,
        "calibrate with data that make this layer give something, or remove it",
        Basis.READ,
        "TensorFlow, lite/tools/optimize/quantization_utils.cc: ranges are widened to a small one",
    ),
    Rule(
        "one-step",
        "What a tensor holds, or calibration recorded of it, spans more than a step of its scale.",
        Effect.VALUES,
        "look at the layer's weights, or calibrate with data that move it: quantised so, all its "
        "values are all but equal",
        Basis.INFERRED,
        "it follows from the numbers",
    ),
    Rule(
        "open-batch",
        "The batch is written into the file; one that is left open often makes sizes dynamic.",
        Effect.COST,
        "fix the batch to 1 before conversion",
        Basis.REPORTED,
        f"{_ISSUES} 829; tensorflow/tensorflow, issue 51467",
    ),
    Rule(
        "supported-operator",
        "Only the operators of the vendor's list map to the Edge TPU.",
        Effect.CPU,
        "replace it, or move it to the end of the model",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "supported-version",
        "An operator maps only in the versions that int8 needed in 2021.",
        Effect.CPU,
        "use layers that need no newer version, or a converter that writes the older",
        Basis.REPORTED,
        f"{_ISSUES} 187, 206 and 420; TensorFlow, lite/tools/versioning/op_version.cc",
    ),
    Rule(
        "eight-bit",
        "Activations and weights are int8 or uint8 with a scale, biases int32.",
        Effect.CPU,
        "quantise inputs and outputs too (inference_input_type and inference_output_type int8)",
        Basis.DOCUMENTED,
        _MODEL,
    ),
    Rule(
        "constant-parameters",
        "Weights and biases are constants.",
        Effect.CPU,
        "use elementwise operators for products of two activations",
        Basis.DOCUMENTED,
        _MODEL,
    ),
    Rule(
        "rank",
        "Only the three innermost axes of a tensor may be longer than 1.",
        Effect.CPU,
        "use batch 1 and at most height, width and channels",
        Basis.DOCUMENTED,
        _MODEL,
    ),
    Rule(
        "equal-dilation",
        "A convolution has the same dilation in x and y.",
        Effect.CPU,
        "use equal dilations, or none",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "plain-pooling",
        "Pooling and concatenation have no fused activation.",
        Effect.CPU,
        "put the activation into the layer before, or make it an operator of its own",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "constant-concatenation",
        "A concatenation with a constant has two inputs, and the constant is all zeros.",
        Effect.CPU,
        "use PAD",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "mean-axes",
        "MEAN reduces height and width; channels only when their number is a multiple of 4.",
        Effect.CPU,
        "pool over height and width, or make the channels a multiple of 4",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "whole-batch",
        "No operator pads, packs, splits or reduces along the batch.",
        Effect.CPU,
        "use another axis, or do it on the host",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "flat-softmax",
        "SOFTMAX takes one axis of at most 16,000 elements.",
        Effect.CPU,
        "leave the softmax to the host",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "flat-dense",
        "FULLY_CONNECTED gives one axis, from weights in the default format.",
        Effect.CPU,
        "flatten the input first, or use a 1x1 CONV_2D",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "dense-per-tensor",
        "FULLY_CONNECTED weights have one scale for the whole tensor.",
        Effect.CPU,
        "convert with _experimental_disable_per_channel_quantization_for_dense_layers, as 'edgeser "
        "export' does",
        Basis.INFERRED,
        "TensorFlow, lite/tools/versioning/op_version.cc: per-channel dense weights came later",
    ),
    Rule(
        "prelu-alpha",
        "PRELU has one alpha a channel.",
        Effect.CPU,
        "share alpha over height and width (shared_axes=[1, 2])",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "unit-strides",
        "STRIDED_SLICE has strides 1 and no ellipsis or new axes.",
        Effect.CPU,
        "use SLICE, or a strided pooling",
        Basis.DOCUMENTED,
        _SUPPORTED,
    ),
    Rule(
        "resize-precision",
        "A resize maps only where the Edge TPU can interpolate precisely: not from a side of "
        "length 1, not by more than 16, not to more than 4 MiB.",
        Effect.CPU,
        "broadcast by ADD or MUL instead of resizing a pooled value; resize on the host",
        Basis.INFERRED,
        f"{_SUPPORTED}; {_ISSUES} 31, 63 and 597; limits fitted to compiled files and reports",
    ),
    Rule(
        "large-reshape",
        "A RESHAPE of a large tensor may be left on the CPU.",
        Effect.COST,
        "keep reshapes to the end of the model, where tensors are small",
        Basis.DOCUMENTED,
        f"{_SUPPORTED}; {_ISSUES} 512; the size of 1 MiB is a guess",
    ),
    Rule(
        "large-activations",
        "A tensor larger than the chip's 8 MiB makes the compilation fail or time out.",
        Effect.COST,
        "make the input smaller, or stride earlier",
        Basis.REPORTED,
        f"{_ISSUES} 439 and 608; the size is inferred",
    ),
    Rule(
        "softmax-cost",
        "A SOFTMAX on the Edge TPU costs up to 48 kB of parameters and 130 kB of instructions for "
        "each inference, more for more classes.",
        Effect.COST,
        "give the logits out and leave the softmax to the host",
        Basis.INFERRED,
        "sizes of compiled files with 10, 149 and 1001 classes",
    ),
    Rule(
        "one-input",
        "The Coral Dev Board Micro fills every input from the first tensor: one input only.",
        Effect.BOARD,
        "concatenate the inputs on the host",
        Basis.READ,
        _MICRO,
    ),
    Rule(
        "no-lstm",
        "A compiled LSTM has no deterministic DMA hints; the Coral Dev Board Micro needs them.",
        Effect.BOARD,
        "use convolutions over time",
        Basis.READ,
        _MICRO,
    ),
)
RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in _RULES})
"""All rules by id, in the order in which they are documented."""
