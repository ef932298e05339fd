"""From a float PyTorch module to a fully integer, batch-1 .tflite file."""

from quantize.convert.export import export_int8
from quantize.convert.kept_ranges import activation_ranges
from quantize.convert.quantised_model import OperatorUse, QuantizedModel, TensorQuantization

__all__ = [
    "OperatorUse",
    "QuantizedModel",
    "TensorQuantization",
    "activation_ranges",
    "export_int8",
]
