"""Where a filter's taps lie: output sizes and paddings of TFLite's SAME and VALID."""

from __future__ import annotations

from dataclasses import dataclass

from quantize.tflite.schema import Padding


@dataclass(frozen=True, slots=True)
class WindowAxis:
    """A filter along one axis of its input.

    Parameters
    ----------
    length
        Of the input.
    taps, stride, dilation
        Of the filter.
    padding
        SAME or VALID.
    """

    length: int
    taps: int
    stride: int
    dilation: int
    padding: Padding

    @property
    def reach(self) -> int:
        """How many inputs the filter spans."""
        return (self.taps - 1) * self.dilation + 1

    @property
    def outputs(self) -> int:
        """How many positions it takes; 0 or less where it does not fit."""
        if self.padding is Padding.SAME:
            return -(-self.length // self.stride)
        return (self.length - self.reach) // self.stride + 1

    @property
    def before(self) -> int:
        """Padding before the first input; the rest of it, if any, follows the last."""
        needed = (self.outputs - 1) * self.stride + self.reach - self.length
        return max(needed, 0) // 2

    @property
    def after(self) -> int:
        """Padding past the last input that taps reach."""
        needed = (self.outputs - 1) * self.stride + self.reach - self.length
        return max(needed - self.before, 0)

    @property
    def padded(self) -> bool:
        """Whether any tap reaches outside the input."""
        return self.before > 0 or self.after > 0
