"""What the C of a model with several outputs has beside that of a model with one.

Each output is found by its number, in the order of the .tflite; the first is that of a model with
one. A model with one has none of this.
"""

from __future__ import annotations

from collections.abc import Sequence

from firmware_bridge.compiler.c_text import broken, number
from firmware_bridge.compiler.values import tensor_bytes, values_of
from quantize.tflite.model import Tensor


def macros(upper: str, outputs: Sequence[Tensor]) -> str:
    """Return how many there are, and the bytes of all together."""
    if len(outputs) < 2:
        return ""
    return f"""\
#define {upper}_OUTPUTS {len(outputs)}
#define {upper}_ALL_OUTPUT_BYTES {sum(map(tensor_bytes, outputs))}
"""


def declarations(lower: str, outputs: Sequence[Tensor]) -> str:
    """Return the declarations of `definitions` and of `table`."""
    if len(outputs) < 2:
        return ""
    place = broken(f"const void *{lower}_output_at(const void *arena,", "uint32_t output_number);")
    return f"""{values_struct(lower)}
/* What every output holds, by its number; the first is the one above. */
{_table_name("extern ", lower)};

/* Where the output of that number lies after a run, as above; NULL where there is none. */
{place}
"""


def values_struct(lower: str) -> str:
    """Return the struct that says what an input or output holds."""
    return f"""
struct {lower}_values {{
  uint32_t bytes;
  uint32_t values;
  int is_float; /* else an integer, which stands for scale * (value - zero_point) */
  float scale;
  int32_t zero_point;
  int is_unsigned; /* an integer of 8 bits */
}};
"""


def table(lower: str, outputs: Sequence[Tensor]) -> list[str]:
    """Return the definition of what the outputs hold."""
    return table_of(_table_name("", lower), outputs) if len(outputs) > 1 else []


def table_of(name: str, tensors: Sequence[Tensor]) -> list[str]:
    """Return the definition of a table of what tensors hold."""
    rows = []
    for tensor in tensors:
        held = values_of(tensor)
        rows.append(
            f"    {{{held.bytes}u, {held.values}u, {int(held.is_float)}, {number(held.scale)}, "
            f"{held.zero_point}, {int(held.is_unsigned)}}},"
        )
    return [f"{name} = {{", *rows, "};", ""]


def definitions(lower: str, outputs: Sequence[Tensor]) -> list[str]:
    """Return the table, and the function that finds an output in the arena."""
    if len(outputs) < 2:
        return []
    start = f"const void *{lower}_output_at(const void *arena,"
    start = broken(start, "uint32_t output_number) {")
    function = place_function(start, "output_number", "(const uint8_t *)arena", outputs)
    return [*table(lower, outputs), *function]


def place_function(start: str, number: str, arena: str, tensors: Sequence[Tensor]) -> list[str]:
    """Return a function that finds a tensor in the arena by its number."""
    lines = [start, f"  switch ({number}) {{"]
    for place, tensor in enumerate(tensors):
        lines += [f"  case {place}u:", f"    return {arena} + TENSOR_{tensor.index};"]
    return [*lines, "  default:", "    return NULL;", "  }", "}", ""]


def _table_name(start: str, lower: str) -> str:
    return broken(
        f"{start}const struct {lower}_values", f"{lower}_outputs[{lower.upper()}_OUTPUTS]"
    )
