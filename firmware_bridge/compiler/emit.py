"""Write a model's header and source, with its prefix before every name that others can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firmware_bridge.compiler import emit_state, further_inputs, further_outputs
from firmware_bridge.compiler.arena import ArenaPlan
from firmware_bridge.compiler.c_text import (
    broken,
    comment_text,
    constant_array,
    layer_struct,
    string_literal,
)
from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.state import StatePlan
from firmware_bridge.compiler.values import tensor_bytes, value_macros
from firmware_bridge.licence import MODELS
from quantize.tflite.model import Layer, Subgraph, Tensor
from quantize.tflite.schema import DType

_OBSERVED = ("void *context", "uint32_t operator_index", "const void *output", "uint32_t bytes")

_WIDE_TYPES = {DType.FLOAT32: "float", DType.INT16: "int16_t", DType.INT32: "int32_t"}
"""What kernels take values of more than one byte as."""

POINTER_ARRAY_KERNELS = frozenset({"i8_add_n", "i8_concatenate", "i8_split"})
"""Kernels of any number of inputs or outputs, which take arrays of pointers instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What both files are written from."""

    name: str
    prefix: str
    sha256: str
    graph: Subgraph
    calls: tuple[KernelCall, ...]
    plan: ArenaPlan
    state: StatePlan

    @property
    def macros(self) -> str:
        """What the macros begin with."""
        return self.prefix.upper()

    @property
    def input(self) -> Tensor:
        """The model's input; of several the first."""
        return self.graph.input_tensors[0]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The model's inputs, in their order."""
        return self.graph.input_tensors

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The model's outputs, in their order."""
        return self.graph.output_tensors

    @property
    def output(self) -> Tensor:
        """The model's output; of several the first."""
        return self.outputs[0]


def header_text(sources: Sources) -> str:
    """Return the header."""
    lower, upper = sources.prefix, sources.macros
    run = _run_parameters(sources)
    outputs = [tensor_bytes(sources.graph.tensors[call.outputs[0]]) for call in sources.calls]
    digest = broken(f"#define {upper}_HASH", f'"{sources.sha256}"', mark=" \\")
    return f"""\
{MODELS}
/* The model {comment_text(sources.name)} as C; written by the compiler, not by hand.
 *
 * {_described("Input: ", sources.inputs)}
 * {_described("Output:", sources.outputs)}
 */
#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define {upper}_NAME {string_literal(sources.name)}
/* SHA-256 of the .tflite file. */
{digest}
/* The arena holds input, output, activations and scratch; it must lie on a 16-byte boundary. */
#define {upper}_ARENA_BYTES {sources.plan.arena_bytes}
{emit_state.macros(upper, sources.state)}\
/* An integer stands for SCALE * (value - ZERO_POINT), a float for itself. */
{value_macros(upper, "INPUT", sources.input)}
{further_inputs.macros(upper, sources.inputs)}\
{value_macros(upper, "OUTPUT", sources.output)}
{further_outputs.macros(upper, sources.outputs)}#define {upper}_OPERATORS {len(sources.calls)}
#define {upper}_MAX_OPERATOR_OUTPUT_BYTES {max(outputs)}

struct {lower}_operator {{
  const char *name;
  uint32_t macs; /* multiply-accumulates of one inference */
}};

/* In the order in which they run. */
{broken(f"extern const struct {lower}_operator", f"{lower}_operators[{upper}_OPERATORS];")}

/* Where the (first) input lies in an arena, on a 16-byte boundary. Fill it before every run: its
 * bytes are overwritten. */
void *{lower}_input(void *arena);

/* Where the (first) output lies after a run, on a 16-byte boundary, until the arena is used
 * again. */
const void *{lower}_output(const void *arena);
{further_outputs.declarations(lower, sources.outputs)}\
{further_inputs.declarations(lower, sources.inputs, struct=len(sources.outputs) < 2)}\
{emit_state.declarations(lower, sources.state)}
/* Called after each operator, numbered from 0 on, with its (first) output of so many bytes, which
 * may be overwritten afterwards; `context` is that of the run. */
{_joined(f"typedef void (*{lower}_observer)(", _OBSERVED, ");")}

/* One inference: nothing is allocated, nothing is written elsewhere. Two runs at the same time take
 * two arenas. observer may be NULL. */
{_joined(f"void {lower}_run(", run, ");")}

#ifdef __cplusplus
}}
#endif

#endif
"""


def source_text(sources: Sources) -> str:
    """Return the source."""
    headers = sorted({call.header for call in sources.calls if call.header})
    lines = [
        MODELS,
        f"/* The model {comment_text(sources.name)}; written by the compiler, not by hand. */",
        "/* clang-format off */",
        f'#include "{sources.prefix}.h"',
        "",
        "#include <stddef.h>",
        *emit_state.headers(sources.state),
        "",
        *(f'#include "{header}"' for header in headers),
        "",
        *_arena_places(sources),
        "",
        *emit_state.places(sources.graph, sources.state),
    ]
    for call in sources.calls:
        lines += [*_layer(sources, call), ""]
    lines += [*_operator_table(sources), "", *_functions(sources)]
    return "\n".join(lines) + "\n"


def _run_parameters(sources: Sources) -> tuple[str, ...]:
    memory = emit_state.run_parameters(sources.state)
    return (*memory, f"{sources.prefix}_observer observer", "void *context")


def _described(what: str, tensors: Sequence[Tensor]) -> str:
    if len(tensors) == 1:
        return f"{what} {_describe(tensors[0])}"
    lines = [
        f"{what.strip(' :')} {number}: {comment_text(tensor.name, limit=40)}, {_describe(tensor)}"
        for number, tensor in enumerate(tensors)
    ]
    return "\n * ".join(lines)


def _describe(tensor: Tensor) -> str:
    """Say a tensor's type, shape and quantisation."""
    text = f"{tensor.dtype.label} {list(tensor.shape)}"
    quantisation = tensor.quantisation
    if quantisation is not None and not quantisation.per_axis:
        text += f", scale {quantisation.scale:.9g}, zero point {quantisation.zero_point}"
    return text


def _arena_places(sources: Sources) -> list[str]:
    plan, calls = sources.plan, sources.calls
    lines = [
        "/* Places in the arena, in bytes; what is not needed at the same time shares them. */"
    ]
    lines.append("enum {")
    for tensor, offset in sorted(plan.tensor_offsets.items()):
        size = tensor_bytes(sources.graph.tensors[tensor])
        lines.append(f"  TENSOR_{tensor} = {offset}, /* {size} bytes */")
    for call in calls:
        if call.scratch_bytes:
            offset = plan.scratch_offsets[call.operator]
            lines.append(
                f"  OP{call.operator}_SCRATCH = {offset}, /* {call.scratch_bytes} bytes */"
            )
    return [*lines, "};"]


def _layer(sources: Sources, call: KernelCall) -> list[str]:
    """Return an operator's comment, constants and layer struct."""
    graph, prefix = sources.graph, f"op{call.operator}"
    label = comment_text(Layer(graph, graph.operators[call.operator]).label)
    lines = [f"/* {label}"]
    lines += [f" *   from {_describe(graph.tensors[index])}" for index in call.inputs]
    lines += [f" *   to   {_describe(graph.tensors[index])}" for index in call.outputs]
    if call.function is None:
        return [*lines, " *   The same bytes under another shape: no code. */"]
    lines[-1] += " */"
    for constant in call.constants:
        lines += constant_array(prefix, constant)
    return [*lines, *layer_struct(prefix, call)]


def _operator_table(sources: Sources) -> list[str]:
    lower, upper, calls = sources.prefix, sources.macros, sources.calls
    return [
        broken(f"const struct {lower}_operator", f"{lower}_operators[{upper}_OPERATORS] = {{"),
        *(f"    {{.name = {string_literal(call.name)}, .macs = {call.macs}}}," for call in calls),
        "};",
    ]


def _functions(sources: Sources) -> list[str]:
    lower = sources.prefix
    lines = [
        f"void *{lower}_input(void *arena) {{",
        f"  return (uint8_t *)arena + TENSOR_{sources.input.index};",
        "}",
        "",
        f"const void *{lower}_output(const void *arena) {{",
        f"  return (const uint8_t *)arena + TENSOR_{sources.output.index};",
        "}",
        "",
        *further_outputs.definitions(lower, sources.outputs),
        *further_inputs.definitions(lower, sources.inputs),
        *emit_state.reset_definition(lower, sources.state),
        *_wrapped_call("static void observe(", [f"{lower}_observer observer", *_OBSERVED], ") {"),
        "  if (observer != NULL) {",
        "    observer(context, operator_index, output, bytes);",
        "  }",
        "}",
        "",
        *_wrapped_call(f"void {lower}_run(", _run_parameters(sources), ") {"),
        "  int8_t *const at = arena;",
    ]
    if sources.state.buffers:
        lines.append(f"  int8_t *const {emit_state.POINTER} = state;")
    # Operators that are known when compiling have no call: calls are counted anew.
    for number, call in enumerate(sources.calls):
        lines += _call(sources, call)
        first = call.outputs[0]
        size = tensor_bytes(sources.graph.tensors[first])
        place = _place(sources, first)
        lines.append(f"  observe(observer, context, {number}, {place}, {size});")
    return [*lines, "}"]


def _call(sources: Sources, call: KernelCall) -> list[str]:
    if call.function is None:
        return []
    inputs = [
        f"op{call.operator}_{part}"
        if isinstance(part, str)
        else _pointer(sources, part, constant=part not in call.updates)
        for part in call.parts or call.inputs
    ]
    outputs = [_pointer(sources, index, constant=False) for index in call.outputs]
    arguments = [f"&op{call.operator}_layer"]
    declarations: list[str] = []
    if call.function in POINTER_ARRAY_KERNELS:
        for what, pointers, kind in (
            ("inputs", inputs, "const int8_t *const"),
            ("outputs", outputs, "int8_t *const"),
        ):
            if len(pointers) == 1:
                arguments += pointers
                continue
            name = f"op{call.operator}_{what}"
            declarations += _wrapped_call(f"  {kind} {name}[] = {{", pointers, "};")
            arguments.append(name)
    else:
        arguments += [*inputs, *outputs]
    if call.scratch_bytes:
        arguments.append(f"at + OP{call.operator}_SCRATCH")
    return [*declarations, *_wrapped_call(f"  {call.function}(", arguments, ");")]


def _place(sources: Sources, index: int) -> str:
    """Return where a tensor lies: in the arena, or in the state."""
    kept = index in sources.state.tensor_offsets
    return f"{emit_state.POINTER if kept else 'at'} + TENSOR_{index}"


def _pointer(sources: Sources, index: int, *, constant: bool) -> str:
    place = _place(sources, index)
    kind = _WIDE_TYPES.get(sources.graph.tensors[index].dtype)
    if kind is None:
        return place
    const = "const " if constant else ""
    return f"({const}{kind} *)({const}void *)({place})"


def _wrapped_call(start: str, items: Sequence[str], end: str) -> list[str]:
    """Set a list into lines of at most 100 columns, aligned behind its opening bracket."""
    lines, line = [], start
    for position, item in enumerate(items):
        text = item + (end if position == len(items) - 1 else ",")
        fits = len(line) + len(text) + 1 <= 100
        if line != start and not fits:
            lines.append(line)
            line = " " * len(start) + text
        else:
            line += text if line == start else f" {text}"
    return [*lines, line]


def _joined(start: str, items: Sequence[str], end: str) -> str:
    return "\n".join(_wrapped_call(start, items, end))
