"""What the C of a model with several inputs has beside that of a model with one.

As with outputs, each is found by its number, in the order of the .tflite; the first is that of a
model with one. A model with one has none of this.
"""

from __future__ import annotations

from collections.abc import Sequence

from firmware_bridge.compiler.c_text import broken
from firmware_bridge.compiler.further_outputs import place_function, table_of, values_struct
from firmware_bridge.compiler.values import tensor_bytes
from quantize.tflite.model import Tensor


def macros(upper: str, inputs: Sequence[Tensor]) -> str:
    """Return how many there are, and the bytes of all together."""
    if len(inputs) < 2:
        return ""
    return f"""\
#define {upper}_INPUTS {len(inputs)}
#define {upper}_ALL_INPUT_BYTES {sum(map(tensor_bytes, inputs))}
"""


def declarations(lower: str, inputs: Sequence[Tensor], *, struct: bool) -> str:
    """Return the declarations of `definitions`; with the struct unless the outputs declare it."""
    if len(inputs) < 2:
        return ""
    return f"""{values_struct(lower) if struct else ""}
/* What every input holds, by its number; the first is the one above. */
extern const struct {lower}_values {lower}_inputs[{lower.upper()}_INPUTS];

/* Where the input of that number lies, as above; NULL where there is none. */
{broken(f"void *{lower}_input_at(void *arena,", "uint32_t input_number);")}
"""


def definitions(lower: str, inputs: Sequence[Tensor]) -> list[str]:
    """Return what the inputs hold, and the function that finds an input in the arena."""
    if len(inputs) < 2:
        return []
    name = f"const struct {lower}_values {lower}_inputs[{lower.upper()}_INPUTS]"
    start = broken(f"void *{lower}_input_at(void *arena,", "uint32_t input_number) {")
    function = place_function(start, "input_number", "(uint8_t *)arena", inputs)
    return [*table_of(name, inputs), *function]
