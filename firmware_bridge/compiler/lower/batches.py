"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: what older converters write around dilated layers."""

from __future__ import annotations

from firmware_bridge.compiler.kernel_call import Field, KernelCall
from firmware_bridge.compiler.lower.move import moving_call
from firmware_bridge.compiler.operands import (
    computed_input,
    constant_integers,
    output_tensor,
    refuse,
    same_quantisation,
)
from quantize.tflite.model import Layer

_Ends = tuple[int, int]


def lower_batches(layer: Layer) -> KernelCall:
    """Lower SPACE_TO_BATCH_ND without padding, or BATCH_TO_SPACE_ND.

    Raises
    ------
    BadInput
        When types, shapes or quantisation do not fit, or blocks and paddings are only known at run
        time.
    """
    source, target = computed_input(layer), output_tensor(layer)
    same_quantisation(layer, source, target, "moving keeps the quantisation")
    leaves = layer.name == "SPACE_TO_BATCH_ND"
    space, blocks = (source, target) if leaves else (target, source)
    sizes, ends = _blocks(layer, len(source.shape))
    if len(target.shape) != len(source.shape):
        refuse(layer, f"it makes {list(target.shape)} of {list(source.shape)}")
    # Of three axes there is one behind the batch; the other is 1 long.
    batches, height, width, cell = _of_four(space.shape)
    rows, columns = (
        (length + sum(end)) // size
        for length, end, size in zip((height, width), ends, sizes, strict=True)
    )
    whole = all(
        (length + sum(end)) % size == 0
        for length, end, size in zip((height, width), ends, sizes, strict=True)
    )
    wanted = (batches * sizes[0] * sizes[1], rows, columns, cell)
    if whole and blocks.shape_signature[:1] == (-1,) and wanted != _of_four(blocks.shape):
        refuse(
            layer,
            f"it makes {wanted[0]} batches, and the model leaves batches open until it runs",
            hint="convert with a batch of 1: keras.Input(batch_shape=(1, ...))",
        )
    if not whole or wanted != _of_four(blocks.shape):
        refuse(
            layer,
            f"it makes {list(target.shape)} of {list(source.shape)} with blocks of {list(sizes)} "
            f"and {[list(end) for end in ends]} at the ends",
        )
    if leaves and any(sum(end) for end in ends):
        refuse(
            layer,
            "it pads, and TFLite-Micro takes what its memory holds for that",
            hint="pad by a PAD of its own before it",
        )
    fields: dict[str, Field] = {
        "batches": batches,
        "height": height,
        "width": width,
        "cell": cell,
        "block_h": sizes[0],
        "block_w": sizes[1],
        "top": ends[0][0],
        "left": ends[1][0],
        "rows": rows,
        "columns": columns,
    }
    function = "i8_space_to_batch" if leaves else "i8_batch_to_space"
    return moving_call(
        layer, function, "i8_batches.h", "i8_batches", fields, inputs=(source.index,)
    )


def _of_four(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) == 4 else (*shape[:2], 1, *shape[2:])


def _blocks(layer: Layer, rank: int) -> tuple[_Ends, tuple[_Ends, _Ends]]:
    """Return the blocks' height and width, and what is added or cut before and behind of each."""
    sizes, ends = (constant_integers(layer, i).tolist() for i in (1, 2))
    fits = rank in (3, 4) and len(sizes) == rank - 2 and len(ends) == 2 * len(sizes)
    if not fits or min(sizes) < 1 or min(ends) < 0:
        refuse(layer, f"it has blocks of {sizes} and {ends} at the ends for {rank} axes")
    if rank == 3:
        return (sizes[0], 1), ((ends[0], ends[1]), (0, 0))
    return (sizes[0], sizes[1]), ((ends[0], ends[1]), (ends[2], ends[3]))
