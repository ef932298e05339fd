"""The Edge TPU: rules, lint, the compiler's wrapper, a reader of what it writes, and a prediction.

Everything here works from the files alone; no vendor code is needed, bundled or downloaded.
"""

from quantize.edgetpu.compiled_model import CompiledModel
from quantize.edgetpu.package import is_compiled, read_compiled

__all__ = ["CompiledModel", "is_compiled", "read_compiled"]
