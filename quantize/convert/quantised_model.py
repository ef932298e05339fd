"""What a conversion yields: the bytes, and all that is needed to repeat and to judge it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TensorQuantization:
    """One int8 input or output: ``real = scale * (quantised - zero_point)``.

    Parameters
    ----------
    name
        The tensor's name in the .tflite file.
    shape
        Its shape, batch first; inputs of four dimensions are NHWC.
    scale
        Real value of one step.
    zero_point
        The int8 value that stands for zero.
    """

    name: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class OperatorUse:
    """How often a graph uses one operator at one version."""

    name: str
    version: int
    count: int


@dataclass(frozen=True, slots=True)
class QuantizedModel:
    """An int8 model with its float twin.

    Parameters
    ----------
    int8_tflite
        The fully integer model: one int8 NHWC input, int8 outputs, batch 1.
    float_tflite
        The same graph in float32, from the same conversion: the reference that the error of
        each layer is measured against.
    sha256
        SHA-256 of `int8_tflite`, 64 hexadecimal digits.
    input, outputs
        Quantisation of the model's one input and of each output, in the network's order.
    operators
        The int8 graph's operators with their versions, by name.
    layer_names
        Tensor name and path of the torch module, for the tensors that it was found for.
    silent_layers
        Layers that gave all but nothing on the calibration inputs; where there are any, LiteRT's
        XNNPACK refuses the model. See `quantize.convert.verify.silent_layers`.
    calibration_samples
        How many inputs the ranges were measured on.
    versions
        Package name and version of everything that took part, by name.
    seconds
        Stage and the seconds it took, in the order in which the stages ran.
    kept_ranges
        Layers whose range was not measured but given.
    """

    int8_tflite: bytes
    float_tflite: bytes
    sha256: str
    input: TensorQuantization
    outputs: tuple[TensorQuantization, ...]
    operators: tuple[OperatorUse, ...]
    layer_names: tuple[tuple[str, str], ...]
    silent_layers: tuple[str, ...]
    calibration_samples: int
    versions: tuple[tuple[str, str], ...]
    seconds: tuple[tuple[str, float], ...]
    kept_ranges: tuple[str, ...] = ()

    @property
    def output(self) -> TensorQuantization:
        """Quantisation of the output; of several the first."""
        return self.outputs[0]
