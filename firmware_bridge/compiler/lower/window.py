"""Where a filter's taps lie: the reader's own account, for the lowerings."""

from quantize.tflite.window import WindowAxis

__all__ = ["WindowAxis"]
