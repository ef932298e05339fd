"""A bounded reader and verifier of .tflite files, with no vendor code behind it."""

from quantize.tflite.model import Model
from quantize.tflite.reader import read_model

__all__ = ["Model", "read_model"]
