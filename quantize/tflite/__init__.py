"""A bounded reader and verifier of .tflite files, with no vendor code behind it."""

from quantize.tflite.inspect import ModelInspection, inspect_model
from quantize.tflite.model import Model
from quantize.tflite.reader import examine_model, read_model

__all__ = ["Model", "ModelInspection", "examine_model", "inspect_model", "read_model"]
