"""What a network that is not ours takes and gives, in its own order, names and layouts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.convert.lookups import looked_up
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

MOST_INPUTS = 16
FLOAT32_HINT = (
    "save it with float32 inputs; integers may only be the places of rows that one embedding "
    "looks up at once, and nothing else, such as a mask (mask_zero)"
)
"""What to do where an input is no float32."""
_MAX_VALUES = 1 << 24
_NO_BATCH = re.compile(r"time|seq|step|frame|len|width|height|channel", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceTensor:
    """An input or output of a network.

    Parameters
    ----------
    name
        The network's.
    shape
        Batch 1 first, in its own layout; with a table, of the rows that are looked up.
    table
        float32 ``[rows, values]`` where rows are looked up by the integers that the network takes,
        outside of the int8 model; see `quantize.convert.lookups`.
    whole
        Whether an input takes integers, not yet cut off, or an output gives them.
    """

    name: str
    shape: tuple[int, ...]
    table: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class DeviceTensor:
    """An input or output, in the network's layout and in the device's.

    Parameters
    ----------
    source
        What the network calls it, and its shape there.
    shape
        Its shape on the device, batch 1 first.
    axes
        Of which of the network's axes each of the device's is: ``(0, 2, 3, 1)`` where the network
        has channels first and the device channels last.
    """

    source: SourceTensor
    shape: tuple[int, ...]
    axes: tuple[int, ...]

    @property
    def is_moved(self) -> bool:
        """Whether the device has another order of axes than the network."""
        moved = [axis for axis in self.axes if self.source.shape[axis] > 1]
        return moved != sorted(moved)

    def to_device(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Return samples ``[n, ...]`` of the network's layout in the device's."""
        return np.ascontiguousarray(samples.transpose(self.axes))

    def to_source(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Return samples ``[n, ...]`` of the device's layout in the network's."""
        return np.ascontiguousarray(samples.transpose(np.argsort(self.axes)))


def input_label(place: int) -> str:
    """Return what an input is called while it is converted: longer than it will be called then."""
    return f"input_{place}_of_the_network"


def fixed_shape(name: str, sizes: Sequence[int | str | None]) -> tuple[int, ...]:
    """Return an input's shape with a batch of 1, or refuse it.

    Parameters
    ----------
    name
        The input's.
    sizes
        Its lengths; the name of what is dynamic, `None` where that has no name.

    Raises
    ------
    BadInput
        When an axis other than the first is dynamic (it is named), the first is no batch, or the
        shape is none that a device can feed.
    """
    shown = printable(name)
    if 0 in sizes[1:]:
        raise BadInput(
            f"input {shown} has no values: its axis {list(sizes).index(0, 1)} has the length 0",
            hint="export the network with the length that it is given",
        )
    dynamic = [axis for axis, size in enumerate(sizes) if not isinstance(size, int) or size <= 0]
    for axis in dynamic:
        label = sizes[axis] if isinstance(sizes[axis], str) else ""
        said = f" ('{printable(str(label))}')" if label else ""
        if axis > 0 or _NO_BATCH.search(str(label)):
            raise BadInput(
                f"input {shown} has a dynamic axis {axis}{said}, and a device runs fixed shapes",
                hint="export the network with a fixed length there; only the batch, axis 0, may be "
                "dynamic",
            )
    shape = tuple(1 if axis in dynamic else int(size or 0) for axis, size in enumerate(sizes))
    if not shape:
        raise BadInput(f"input {shown} is a single number", hint="give it a batch axis")
    if shape[0] != 1:
        raise BadInput(
            f"input {shown} has a batch of {shape[0]}, and a device runs one sample at a time",
            hint="export the network with a batch of 1, or a dynamic one",
        )
    if math.prod(shape) > _MAX_VALUES:
        raise BadInput(
            f"input {shown} has {math.prod(shape):,} values, more than a device can feed",
            hint=f"{_MAX_VALUES:,} are allowed",
        )
    return shape


def match_data(
    data: Mapping[str, NDArray[Any]], inputs: Sequence[SourceTensor], *, where: str
) -> list[NDArray[Any]]:
    """Return the samples for each input, float32 ``[n, ...]``, in the network's order.

    Integers stay what they are, int64, for an input that takes them, and become the rows that they
    are the places of for an input that has a table.

    Parameters
    ----------
    data
        Arrays by name. Of a network with one input a single array may have any name.
    inputs
        What the network takes.
    where
        What messages call the data.

    Raises
    ------
    BadInput
        When an input has no samples, or samples of another shape or number than the others; when
        they hold NaN or infinity.
    """
    names = [each.name for each in inputs]
    if len(inputs) == len(data) == 1:
        data = {names[0]: next(iter(data.values()))}
    missing = [name for name in names if name not in data]
    odd = [name for name in data if name not in names]
    if missing or odd:
        listed = ", ".join(map(printable, names))
        what = (
            f"has none for {printable(missing[0])}" if missing else f"also has {printable(odd[0])}"
        )
        raise BadInput(
            f"{where} {what}; the network takes {listed}",
            hint="give one array for each input, under the input's name",
        )
    found = [_fitting(data[each.name], each, where) for each in inputs]
    counts = {len(values) for values in found}
    if len(counts) > 1 or not min(counts):
        raise BadInput(
            f"{where} has {', '.join(str(len(values)) for values in found)} samples of "
            f"{', '.join(map(printable, names))}",
            hint="give as many of each input, and at least one",
        )
    return found


def _fitting(values: NDArray[Any], wanted: SourceTensor, where: str) -> NDArray[Any]:
    shape = wanted.shape[1:] if wanted.table is None else wanted.shape[1:-1]
    if values.ndim == len(shape) + 2 and values.shape[1] == 1:
        values = values[:, 0]  # samples that each had a batch axis of their own
    if values.shape[1:] != shape or values.ndim == 0:
        found = ", ".join(["n", *map(str, values.shape[1:])]) if values.ndim else ""
        raise BadInput(
            f"{where} has {printable(wanted.name)} as [{found}], the network takes "
            f"[n, {', '.join(map(str, shape))}]",
            hint="give samples in the network's own layout, the batch first",
        )
    if wanted.table is not None:
        return looked_up(values, wanted.table, name=wanted.name, where=where)
    if wanted.whole:
        return np.ascontiguousarray(values, np.int64)
    real = np.ascontiguousarray(values, np.float32)
    if not np.isfinite(real).all():
        raise BadInput(
            f"{where} holds NaN or infinity in {printable(wanted.name)}",
            hint="find where the data went wrong; it cannot be calibrated on",
        )
    return real


def possible_axes(source: Sequence[int], device: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the orders of axes that make one shape of another: channels last first, then none.

    >>> possible_axes((1, 3, 8, 9), (1, 8, 9, 3))
    [(0, 2, 3, 1)]
    >>> possible_axes((1, 4, 4), (1, 4, 4))
    [(0, 2, 1), (0, 1, 2)]
    """
    rank = len(source)
    if rank != len(device):
        return []
    as_it_is = tuple(range(rank))
    orders = [as_it_is] if rank < 3 else [(0, *range(2, rank), 1), as_it_is]
    return [axes for axes in orders if tuple(source[axis] for axis in axes) == tuple(device)]
