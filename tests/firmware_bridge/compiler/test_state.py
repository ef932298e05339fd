"""Models that keep state: TFLite-Micro's bytes at every step of a sequence, from every reset."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from exactness import Exactness, check_writes, few, random_inputs, seeds
from hypothesis import given
from hypothesis import strategies as st
from state_models import MicroSequence, StateBuilder, with_first_values
from test_graphs import KINDS, SCALE, SHAPE, add

from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.compiler.host_build import HostModel
from firmware_bridge.compiler.kernel_sources import KERNELS, kernel_sources
from quantize.runtimes import Runtime, layer_outputs
from quantize.tflite.schema import DType

VARIABLES = ("first", "second", "third")


def values(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, shape, dtype=np.int8)


@st.composite
def graphs(draw: st.DrawFn, *, zeros: bool) -> tuple[bytes, int]:
    """Draw a model that reads and assigns variables in any order, through any of their handles."""
    builder = StateBuilder()
    seed = draw(seeds)
    first = {
        name: np.zeros(SHAPE, np.int8) if zeros else values(seed + place, *SHAPE)
        for place, name in enumerate(VARIABLES)
    }
    handles = with_first_values(builder, first, scale=SCALE)
    x = builder.tensor(SHAPE, scale=SCALE)
    known = [x]
    for _ in range(draw(st.integers(4, 12))):
        kind = draw(st.sampled_from(("READ", "READ", "ASSIGN", "HANDLE", *KINDS)))
        one, other = (known[draw(st.integers(0, len(known) - 1))] for _ in range(2))
        name = draw(st.sampled_from(VARIABLES))
        if kind == "READ":
            known.append(builder.read(handles[name], x))
        elif kind == "ASSIGN":
            builder.assign(handles[name], one)
        elif kind == "HANDLE":
            handles[name] = builder.handle(name)
        else:
            known.append(add(builder, kind, one, other))
    # That there is an operator and an assignment in each.
    known.append(add(builder, "ADD", builder.read(handles["first"], x), known[-1]))
    builder.assign(handles["first"], known[-1])
    chosen = draw(st.lists(st.sampled_from(known[1:]), min_size=1, max_size=3, unique=True))
    return builder.build((x,), tuple(chosen)), len(chosen)


lengths = st.lists(st.integers(1, 4), min_size=2, max_size=3)
"""Of runs from one reset to the next."""


@few
@given(drawn=graphs(zeros=True), parts=lengths, seed=seeds)
def test_a_sequence_and_its_resets_are_exact(
    exactness: Exactness, drawn: tuple[bytes, int], parts: list[int], seed: int
) -> None:
    """First values of zero, as converters write them, are those of TFLite-Micro's own reset."""
    model, outputs = drawn
    compiled = compile_model(model, "drawn")
    host, micro = exactness.build(compiled), MicroSequence(model, outputs=outputs)
    for part, length in enumerate(parts):
        inputs = values(seed + part, length, *SHAPE)
        found = host.all_outputs(inputs, sequence=True)
        for ours, theirs in zip(found, micro.run(inputs), strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)
        micro.reset()
    check_writes(compiled, host.arenas(inputs, sequence=True))


@few
@given(drawn=graphs(zeros=False), parts=lengths, seed=seeds)
def test_any_first_values_are_those_of_a_new_interpreter(
    exactness: Exactness, drawn: tuple[bytes, int], parts: list[int], seed: int
) -> None:
    model, outputs = drawn
    host, micro = exactness.build(compile_model(model, "m")), MicroSequence(model, outputs=outputs)
    for part, length in enumerate(parts):
        inputs = values(seed + part, length, *SHAPE)
        found = host.all_outputs(inputs, sequence=True)
        for ours, theirs in zip(found, micro.run(inputs), strict=True):
            np.testing.assert_array_equal(ours, theirs, strict=True)
        micro.begin()


def running_sum(first: np.ndarray) -> bytes:
    """The sum of all inputs since the reset."""
    builder = StateBuilder()
    handles = with_first_values(builder, {"sum": first}, scale=SCALE)
    x = builder.tensor(SHAPE, scale=SCALE)
    total = add(builder, "ADD", x, builder.read(handles["sum"], x))
    builder.assign(handles["sum"], total)
    return builder.build((x,), (total,))


def test_the_sum_of_a_stream_grows_until_the_reset(exactness: Exactness) -> None:
    host = exactness.build(compile_model(running_sum(np.full(SHAPE, 5, np.int8)), "sum"))
    ones = np.ones((4, *SHAPE), np.int8)
    grown = host.outputs(ones, sequence=True)
    assert [int(step.flat[0]) for step in grown] == [6, 7, 8, 9]
    assert [int(step.flat[0]) for step in host.outputs(ones)] == [6, 6, 6, 6]


def test_the_header_says_how_to_keep_state() -> None:
    compiled = compile_model(running_sum(np.zeros(SHAPE, np.int8)), "sum", prefix="kws")
    assert compiled.state_bytes == 48
    lines = compiled.header.splitlines()
    assert "#define KWS_STATE_BYTES 48" in lines
    assert "void kws_reset(void *state);" in lines
    assert "void kws_run(void *arena, void *state, kws_observer observer, void *context);" in lines


def test_reading_a_variable_costs_nothing_while_it_does_not_change() -> None:
    """What is read is the variable itself: neither code nor memory in the arena."""
    compiled = compile_model(running_sum(np.zeros(SHAPE, np.int8)), "sum")
    assert [row.kernel for row in compiled.operators] == ["", "i8_addition", "i8_store"]
    assert compiled.arena_bytes == 48


def test_a_variable_that_is_assigned_before_what_was_read_is_used_is_copied(
    exactness: Exactness,
) -> None:
    builder = StateBuilder()
    handles = with_first_values(builder, {"last": np.zeros(SHAPE, np.int8)}, scale=SCALE)
    x = builder.tensor(SHAPE, scale=SCALE)
    before = builder.read(handles["last"], x)
    builder.assign(handles["last"], x)
    model = builder.build((x,), (add(builder, "ADD", before, before), before))
    compiled = compile_model(model, "last")
    assert [row.kernel for row in compiled.operators] == ["i8_store", "i8_store", "i8_addition"]
    inputs = values(1, 5, *SHAPE)
    found = exactness.build(compiled).all_outputs(inputs, sequence=True)
    for ours, theirs in zip(found, MicroSequence(model, outputs=2).run(inputs), strict=True):
        np.testing.assert_array_equal(ours, theirs, strict=True)


def of_three_types() -> bytes:
    """Variables of int8, uint8 and int16, each the last input; the sum of what they held before."""
    builder = StateBuilder()
    kinds = {DType.INT8: 3, DType.UINT8: 131, DType.INT16: 0}
    with builder.subgraph() as number:
        for dtype, zero_point in kinds.items():
            first = np.full(SHAPE, 9, dtype.numpy)
            value = builder.tensor(
                SHAPE, scale=SCALE, zero_point=zero_point, dtype=dtype, data=first
            )
            builder.assign(builder.handle(dtype.label), value)
    builder.call_once(number)
    x = builder.tensor(SHAPE, scale=SCALE)
    total = x
    for dtype, zero_point in kinds.items():
        handle = builder.handle(dtype.label)
        before, now = (
            builder.tensor(SHAPE, scale=SCALE, zero_point=zero_point, dtype=dtype) for _ in range(2)
        )
        builder.operator("READ_VARIABLE", (handle,), (before,), "ReadVariable")
        plain = builder.tensor(SHAPE, scale=SCALE)
        builder.operator("QUANTIZE", (before,), (plain,), "Quantize")
        total = add(builder, "ADD", total, plain)
        builder.operator("QUANTIZE", (x,), (now,), "Quantize")
        builder.assign(handle, now)
    return builder.build((x,), (total,))


def test_clearing_is_micros_own_reset(exactness: Exactness, tmp_path: Path) -> None:
    """It gives zero points, no first values; the reset is a new interpreter's state."""
    model = of_three_types()
    host, micro = exactness.build(compile_model(model, "types")), MicroSequence(model)
    assert "void model_clear(void *state);" in host.compiled.header.splitlines()
    steps = values(6, 3, *SHAPE) // 4
    parts = []
    for begin in (micro.reset, micro.reset, micro.begin):
        parts += [micro.run(steps)[0]]
        begin()
    first, cleared, again = (part.reshape(3, -1) for part in parts)
    assert (first[0] != cleared[0]).all() and (cleared == again).all()
    printed = _printed(
        host,
        tmp_path,
        """
  model_reset(state);
  run_all();
  model_clear(state);
  run_all();
  model_reset(state);
  run_all();
""",
        steps,
    )
    np.testing.assert_array_equal(printed.reshape(3, 3, -1), np.stack([first, cleared, first]))


def test_a_clear_that_is_the_reset_has_no_name_of_its_own() -> None:
    compiled = compile_model(running_sum(np.zeros(SHAPE, np.int8)), "sum")
    assert "_clear" not in compiled.header + compiled.source


def test_a_variable_tensor_begins_with_its_zero_point(exactness: Exactness) -> None:
    """Of the older kind, a tensor that is said to be a variable, as SVDF and LSTM have them."""
    builder = StateBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    kept = builder.tensor(SHAPE, scale=SCALE, zero_point=7, variable=True)
    y = builder.tensor(SHAPE, scale=SCALE)
    builder.operator("ADD", (x, kept), (y,), "Add")
    builder.operator("QUANTIZE", (y,), (kept,), "Quantize")
    model = builder.build((x,), (y,))
    compiled = compile_model(model, "kept")
    assert compiled.state_bytes == 48
    inputs = values(3, 5, *SHAPE)
    found = exactness.build(compiled).outputs(inputs, sequence=True)
    micro = MicroSequence(model)
    np.testing.assert_array_equal(found, micro.run(inputs)[0], strict=True)
    micro.reset()
    np.testing.assert_array_equal(found, micro.run(inputs)[0], strict=True)


def _printed(host: HostModel, folder: Path, body: str, steps: np.ndarray) -> np.ndarray:
    """Return the outputs of a program of one's own, which runs some of the steps on some states."""
    program = folder / "own.c"
    program.write_text(
        f"""
#include <stdio.h>
#include <string.h>
#include "model.h"
#define STEPS {len(steps)}
static const signed char steps[STEPS][MODEL_INPUT_BYTES] = {{
{",".join("{" + ",".join(map(str, step.reshape(-1))) + "}" for step in steps)}
}};
static _Alignas(16) unsigned char arena[MODEL_ARENA_BYTES], state[MODEL_STATE_BYTES];
static void run(void *kept, int step) {{
  memset(arena, 0xA5, sizeof(arena));
  memcpy(model_input(arena), steps[step], MODEL_INPUT_BYTES);
  model_run(arena, kept, NULL, NULL);
  fwrite(model_output(arena), 1, MODEL_OUTPUT_BYTES, stdout);
}}
static inline void run_all(void) {{
  for (int step = 0; step < STEPS; ++step) {{
    run(state, step);
  }}
}}
int main(void) {{
{body}
  return 0;
}}
"""
    )
    sources = [path for path in kernel_sources(host.compiled.source) if path.suffix == ".c"]
    model = host.executable.parent / "model.c"
    includes = ["-I", model.parent, "-I", KERNELS / "include"]
    command = ["cc", *includes, program, model, *sources, "-lm", "-o", folder / "own"]
    subprocess.run(command, check=True)
    done = subprocess.run([folder / "own"], check=True, capture_output=True)
    return np.frombuffer(done.stdout, np.int8)


def test_two_streams_share_one_arena(tmp_path: Path, exactness: Exactness) -> None:
    """A state of its own for each stream, and reset alone begins one anew."""
    host = exactness.build(compile_model(running_sum(np.zeros(SHAPE, np.int8)), "sum"))
    found = _printed(
        host,
        tmp_path,
        """
  static _Alignas(16) unsigned char other[MODEL_STATE_BYTES];
  model_reset(state);
  model_reset(other);
  run(state, 0);
  run(other, 1);
  run(state, 0);
  run(other, 1);
  model_reset(state);
  run(state, 0);
  run(other, 1);
""",
        np.stack([np.full(SHAPE, value, np.int8) for value in (1, 10)]),
    )
    assert found.reshape(6, -1)[:, 0].tolist() == [1, 10, 2, 20, 1, 30]


def test_a_model_without_state_has_none_of_it() -> None:
    builder = StateBuilder()
    x = builder.tensor(SHAPE, scale=SCALE)
    compiled = compile_model(builder.build((x,), (add(builder, "RELU", x, x),)), "one")
    assert compiled.state_bytes == 0
    assert "STATE" not in compiled.header and "_reset" not in compiled.header + compiled.source


def test_outputs_without_a_sequence_begin_anew(exactness: Exactness) -> None:
    model = running_sum(np.zeros(SHAPE, np.int8))
    host = exactness.build(compile_model(model, "sum"))
    inputs = random_inputs(5, SHAPE)
    np.testing.assert_array_equal(host.outputs(inputs), inputs)


def test_layers_of_a_sequence_are_those_of_its_steps(exactness: Exactness) -> None:
    host = exactness.build(compile_model(running_sum(np.zeros(SHAPE, np.int8)), "sum"))
    inputs = values(8, 3, *SHAPE)
    read, total, stored = host.layers(inputs, sequence=True)
    np.testing.assert_array_equal(read[1:], total[:-1])
    np.testing.assert_array_equal(total, stored)


@pytest.mark.parametrize("alignment", [16])
def test_the_state_is_padded_to_its_alignment(alignment: int) -> None:
    builder = StateBuilder()
    first = {"odd": np.zeros((1, 3), np.int8), "even": np.ones((1, 3), np.int8)}
    handles = with_first_values(builder, first, scale=SCALE)
    x = builder.tensor((1, 3), scale=SCALE)
    total = builder.tensor((1, 3), scale=SCALE)
    parts = [builder.read(handles[name], x) for name in first]
    builder.operator("ADD", tuple(parts), (total,), "Add")
    for handle in handles.values():
        builder.assign(handle, x)
    compiled = compile_model(builder.build((x,), (total,)), "odd")
    assert [buffer.offset % alignment for buffer in compiled.state.buffers] == [0, 0]
    assert compiled.state_bytes == 2 * alignment


@few
@given(parts=lengths, seed=seeds)
def test_an_esphome_wake_word_is_exact(
    exactness: Exactness, shared: Path, parts: list[int], seed: int
) -> None:
    model = (shared / "cases" / "models" / "mww2_okay_nabu.tflite").read_bytes()
    compiled = compile_model(model, "okay_nabu")
    assert compiled.state_bytes == 3472
    host, micro = exactness.build(compiled), MicroSequence(model)
    for part, length in enumerate(parts):
        steps = values(seed + part, 20 * length, *compiled.input.shape)
        steps = np.minimum(steps, values(seed, *steps.shape))  # quieter, as speech is
        found = host.outputs(steps, sequence=True)
        np.testing.assert_array_equal(found, micro.run(steps)[0], strict=True)
        micro.reset()


def test_every_layer_of_a_wake_word_is_exact_at_every_step(
    exactness: Exactness, shared: Path
) -> None:
    model = (shared / "cases" / "models" / "mww2_okay_nabu.tflite").read_bytes()
    compiled = compile_model(model, "okay_nabu")
    steps = values(4, 30, *compiled.input.shape)
    ours = exactness.build(compiled).layers(steps, sequence=True)
    theirs = layer_outputs(
        model, steps[:, 0], runtime=Runtime.TFLITE_MICRO, sequence=True, name="okay_nabu"
    )
    compared = 0
    for call, found in zip(compiled.calls, ours, strict=True):
        expected = theirs.get(compiled.graph.tensors[call.outputs[0]].name)
        if expected is not None:
            np.testing.assert_array_equal(found.reshape(expected.shape), expected)
            compared += 1
    assert compared == 42 and sum(call.name == "ASSIGN_VARIABLE" for call in compiled.calls) == 6
