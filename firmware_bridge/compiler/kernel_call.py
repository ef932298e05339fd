"""What lowering makes of an operator: a kernel's call, with its constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from quantize.tflite.model import Layer

Field = int | float | str | tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A constant array in flash.

    Parameters
    ----------
    suffix
        What it is: ``"weights"`` of operator 3 is written as ``op3_weights``.
    values
        int8, uint8, int16, uint16, int32 or float32, one axis.
    alignment
        Of its first element, in bytes.
    """

    suffix: str
    values: NDArray[Any]
    alignment: int = 4


@dataclass(frozen=True, slots=True, eq=False)
class KernelCall:
    """One operator as the call of a kernel, or as a view that needs no code.

    Parameters
    ----------
    operator
        Its index in the .tflite.
    name
        Its kind there: ``"CONV_2D"``.
    function
        The kernel: ``"i8_conv_2d"``; ``None`` where the output is the input's bytes (a view).
    header
        The header that declares it.
    struct
        The tag of its layer struct.
    fields
        The layer's designated initialisers; a str names a constant's suffix, to point to it.
    constants
        Its arrays in flash.
    inputs, outputs
        Tensors that are computed at run time, in the order of the C arguments.
    parts
        What a kernel of any number of inputs takes where some are constants: all of them in their
        order, those by their suffix; ``()`` where all are `inputs`.
    scratch_bytes
        Memory that it needs only while it runs.
    macs
        Multiply-accumulates, 0 where there are none.
    in_place
        Whether its output may share memory with its first input.
    input_after
        Bytes from its output's first to its first input's first, from which on that input may lie
        within the output, as it is read before it is written over; ``None`` where it may not.
    updates
        Variables among its inputs that it changes: see `firmware_bridge.compiler.state`.
    """

    operator: int
    name: str
    function: str | None
    header: str
    struct: str
    fields: Mapping[str, Field]
    constants: tuple[Constant, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    scratch_bytes: int
    macs: int
    in_place: bool = False
    input_after: int | None = None
    updates: tuple[int, ...] = ()
    parts: tuple[int | str, ...] = ()


def plain_call(
    layer: Layer,
    kernel: str,
    fields: Mapping[str, Field],
    inputs: tuple[int, ...],
    *,
    constants: tuple[Constant, ...] = (),
    in_place: bool,
) -> KernelCall:
    """Return the call of a kernel that needs no scratch and multiplies nothing.

    Its header and its layer struct bear its name.
    """
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=kernel,
        header=f"{kernel}.h",
        struct=kernel,
        fields=fields,
        constants=constants,
        inputs=inputs,
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
        in_place=in_place,
    )
