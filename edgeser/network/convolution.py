"""Convolutions that are padded as TensorFlow pads."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SameConvolution(nn.Conv2d):
    """Convolution that gives ceil(n / stride) of n, padded as TensorFlow pads.

    With an even size and stride 2 the padding is one-sided. PyTorch's even padding would become a
    PAD operator before each such convolution, and its copy of the map takes arena.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        bias: bool = False,
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, groups=groups, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """[b, inputs, t, f] to [b, outputs, ceil(t / stride), ceil(f / stride)]."""
        stride = (self.stride[0], self.stride[1])
        return same_convolution(x, self.weight, self.bias, stride, groups=self.groups)


def same_convolution(
    x: Tensor, kernel: Tensor, bias: Tensor | None, stride: tuple[int, int], *, groups: int = 1
) -> Tensor:
    """Convolve [b, inputs, t, f] with [outputs, inputs / groups, h, w], see `SameConvolution`."""
    top, bottom = _padding_of(int(x.shape[2]), int(kernel.shape[2]), stride[0])
    left, right = _padding_of(int(x.shape[3]), int(kernel.shape[3]), stride[1])
    even = top == bottom and left == right
    if not even:
        x = nn.functional.pad(x, (left, right, top, bottom))
    padding = (top, left) if even else (0, 0)
    maps = nn.functional.conv2d(x, kernel, bias, stride, padding, groups=groups)
    # One plane is in both memory formats at once, and PyTorch goes on in the slower one.
    return maps.contiguous(memory_format=torch.channels_last) if x.shape[1] == 1 else maps


def _padding_of(size: int, kernel: int, stride: int) -> tuple[int, int]:
    outputs = -(-size // stride)
    total = max(0, (outputs - 1) * stride + kernel - size)
    return total // 2, total - total // 2
