"""Convolutions whose weights are quaternions: the Hamilton product in place of four by four reals.

Maps are quaternions in four blocks of channels: first all real parts, then those of i, j and k.
"""

from __future__ import annotations

import copy
import math
from typing import Literal

import torch
from torch import Tensor, nn

from edgeser.network.convolution import SameConvolution, same_convolution

Criterion = Literal["he", "glorot"]


class HamiltonConvolution(nn.Module):
    """A convolution by quaternions, padded as `SameConvolution` pads.

    Each weight w multiplies the input's quaternion x from the left, w x, so that 4 free numbers do
    the work of 16. The product is linear in x: an ordinary convolution with the kernel that
    `hamilton_kernel` makes gives the same, and that is what is exported.

    Parameters
    ----------
    inputs, outputs
        Numbers of maps, multiples of 4.
    kernel, stride
        Of a square window.
    bias
        Whether each map has one.
    criterion
        How large the first weights are, see `quaternion_weights`.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        bias: bool = False,
        criterion: Criterion = "he",
    ) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(quaternion_weights(inputs, outputs, kernel, criterion))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """[b, inputs, t, f] to [b, outputs, ceil(t / stride), ceil(f / stride)]."""
        kernel = hamilton_kernel(self.weight).contiguous(memory_format=torch.channels_last)
        return same_convolution(x, kernel, self.bias, (self.stride, self.stride))

    def expanded(self) -> SameConvolution:
        """Return the ordinary convolution that gives the same."""
        kernel = hamilton_kernel(self.weight.detach())
        outputs, inputs, size, _ = kernel.shape
        with torch.random.fork_rng(devices=[]):  # first weights are drawn, and not used
            plain = SameConvolution(
                inputs, outputs, size, stride=self.stride, bias=self.bias is not None
            )
        plain.weight.data = kernel
        if self.bias is not None:
            plain.bias = nn.Parameter(self.bias.detach().clone())
        return plain


def hamilton_kernel(weight: Tensor) -> Tensor:
    """Return the ordinary kernel of a quaternion one.

    Parameters
    ----------
    weight
        [outputs, inputs / 4, h, w]: the real parts of all output quaternions, then their parts of
        i, j and k.

    Returns
    -------
    [outputs, inputs, h, w]: blocks ``[r -i -j -k; i r -k j; j k r -i; k -j i r]``.
    """
    r, i, j, k = weight.chunk(4, dim=0)
    rows = ((r, -i, -j, -k), (i, r, -k, j), (j, k, r, -i), (k, -j, i, r))
    return torch.cat([torch.cat(row, dim=1) for row in rows], dim=0)


def quaternion_weights(inputs: int, outputs: int, kernel: int, criterion: Criterion) -> Tensor:
    """Draw first weights [outputs, inputs / 4, kernel, kernel].

    As Gaudet and Maida (2018, arXiv:1712.04604) and Parcollet et al. (2019, arXiv:1806.04418) do:
    in polar form, w = m (cos a + u sin a). The modulus m is chi-distributed with 4 degrees of
    freedom and a scale of ``1 / sqrt(2 n)``, n the quaternions that come in ("he"), or come in and
    go out ("glorot"); the angle a is uniform in [-pi, pi]. The axis u is uniform on the sphere,
    which is our reading of "a random imaginary unit".
    """
    area = kernel * kernel
    shape = (outputs // 4, inputs // 4, kernel, kernel)
    count = shape[1] * area + (shape[0] * area if criterion == "glorot" else 0)
    modulus = torch.linalg.vector_norm(torch.randn(4, *shape), dim=0) / math.sqrt(2.0 * count)
    angle = (2.0 * torch.rand(shape) - 1.0) * math.pi
    axis = nn.functional.normalize(torch.randn(3, *shape), dim=0)
    parts = torch.cat([torch.cos(angle)[None], torch.sin(angle) * axis])
    weights: Tensor = modulus * parts
    return weights.reshape(outputs, *shape[1:])


def expand(network: nn.Module) -> nn.Module:
    """Return a copy of a network in which every quaternion convolution is an ordinary one."""
    plain = copy.deepcopy(network)
    for parent in list(plain.modules()):
        for name, child in parent.named_children():
            if isinstance(child, HamiltonConvolution):
                setattr(parent, name, child.expanded())
    return plain
