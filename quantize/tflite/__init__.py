"""A bounded reader and verifier of .tflite files, with no vendor code behind it."""

from quantize.tflite.inspect import ModelInspection, inspect_model
from quantize.tflite.model import Model
from quantize.tflite.reader import read_model

__all__ = ["Model", "ModelInspection", "inspect_model", "read_model"]
