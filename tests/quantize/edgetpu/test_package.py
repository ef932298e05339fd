"""The reader of compiled files, held to real ones and to files that are damaged."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantize.edgetpu.compiled_model import CompiledModel, ExecutableType
from quantize.edgetpu.flexbuffer import read_map
from quantize.edgetpu.micro import micro_obstacles
from quantize.edgetpu.package import is_compiled, read_compiled
from quantize.foundation.errors import BadInput
from quantize.tflite import read_model
from quantize.tflite.flatbuffer import FlatbufferError

MUTANTS = 2500
SLOWEST_S = 1.0


@pytest.fixture(scope="module")
def real(shared: Path) -> Callable[[str], CompiledModel]:
    return lambda name: read_compiled(read_model(shared / "edgetpu_models" / f"{name}.tflite"))


@pytest.mark.parametrize(
    ("name", "runtime", "cached", "streamed", "instructions", "narrow", "cpu"),
    [
        ("deeplabv3_mnv2_dm05_pascal_quant_edgetpu", 12, 766_720, 0, 160_672, 192_744, 8),
        ("keras_lstm_mnist_ptq_edgetpu", 12, 43_968, 576, 60_864, 4_876, 0),
        ("mobilenet_v1_0.25_128_quant_edgetpu", 12, 566_912, 0, 170_032, 8_996, 0),
        ("split_concat_edgetpu", 13, 192, 0, 23_648, 832, 0),
        ("testconv1-edgetpu", 13, 0, 640, 15_984, 1_424, 0),
        ("voice_commands_v0.7_edgetpu", 10, 487_168, 0, 58_896, 33_792, 0),
    ],
)
def test_the_figures_of_real_files(
    real: Callable[[str], CompiledModel],
    name: str,
    runtime: int,
    cached: int,
    streamed: int,
    instructions: int,
    narrow: int,
    cpu: int,
) -> None:
    compiled = real(name)
    (package,) = compiled.packages
    run = package.inference
    assert run is not None
    assert package.min_runtime_version == runtime
    assert (package.cached_bytes, package.streamed_bytes) == (cached, streamed)
    assert package.instruction_bytes == instructions
    assert run.narrow_memory_bytes_per_tile == narrow
    assert len(compiled.cpu_operators) == cpu
    assert run.chip == "beagle"
    by_kind = {kind: sum(h.size_bytes for h in run.hints if h.kind == kind) for kind in KINDS}
    assert by_kind["instructions"] == instructions
    assert by_kind["input"] == package.input_bytes
    if run.deterministic:
        assert by_kind["output"] == package.output_bytes
        assert by_kind["parameters"] == streamed


KINDS = ("instructions", "input", "output", "parameters")


def test_the_figures_agree_with_googles_own_reader(shared: Path) -> None:
    table = pytest.importorskip("flatbuffers.table")

    def root(data: bytes) -> Any:
        return table.Table(data, int.from_bytes(data[:4], "little"))

    def vector(at: Any, field: int) -> tuple[int, int]:
        offset = at.Offset(4 + 2 * field)
        return (at.Vector(offset), at.VectorLen(offset)) if offset else (0, 0)

    for path in sorted(shared.glob("edgetpu_models/*edgetpu.tflite")):
        model = read_model(path)
        (package,) = read_compiled(model).packages
        # Google's flexbuffers for Python cannot hand out strings that are not UTF-8.
        data = read_map(model.main.operators[0].custom_options.tobytes())["4"]
        assert isinstance(data, bytes)
        start, size = vector(root(data), 1)
        listing = root(data[start : start + size])
        start, count = vector(listing, 0)
        assert count == len(package.executables)
        for index, executable in enumerate(package.executables):
            at = listing.Indirect(start + 4 * index)
            own = root(
                listing.Bytes[
                    at + 4 : at + 4 + int.from_bytes(listing.Bytes[at : at + 4], "little")
                ]
            )
            assert vector(own, 6)[1] == executable.parameter_bytes
            assert vector(own, 8)[1] == len(executable.inputs)
            first, chunks = vector(own, 5)
            sizes = [
                vector(table.Table(own.Bytes, own.Indirect(first + 4 * i)), 0)[1]
                for i in range(chunks)
            ]
            assert tuple(sizes) == executable.instruction_chunks


def test_types_of_executables(real: Callable[[str], CompiledModel]) -> None:
    (alone,) = real("testconv1-edgetpu").packages[0].executables
    assert alone.kind is ExecutableType.STAND_ALONE
    kinds = [e.kind.label for e in real("split_concat_edgetpu").packages[0].executables]
    assert kinds == ["execution-only", "parameter-caching"]


def test_layers_and_cycles(real: Callable[[str], CompiledModel]) -> None:
    old = real("voice_commands_v0.7_edgetpu").packages[0]
    assert old.inference is not None
    assert old.inference.estimated_cycles == 170_853
    assert old.compiler == "cl/262451479"
    (inputs,) = old.inference.inputs
    assert (inputs.name, inputs.y, inputs.x, inputs.z) == ("audio_features", 1, 198, 32)
    assert (inputs.scale, inputs.zero_point, inputs.data_type) == (1.0, 0, "unsigned-8")
    lstm = real("keras_lstm_mnist_ptq_edgetpu").packages[0].inference
    assert lstm is not None
    assert lstm.estimated_cycles is None
    assert [layer.data_type for layer in lstm.inputs] == ["unsigned-8", "signed-8", "signed-16"]


def test_what_the_micro_can_run(real: Callable[[str], CompiledModel]) -> None:
    for name in ("mobilenet_v1_0.25_128_quant_edgetpu", "testconv1-edgetpu"):
        assert micro_obstacles(real(name)) == ()
    (inputs,) = micro_obstacles(real("split_concat_edgetpu"))
    assert "3 inputs" in inputs
    lstm = micro_obstacles(real("keras_lstm_mnist_ptq_edgetpu"))
    assert any("not deterministic" in reason for reason in lstm)


def test_outputs_in_another_order_are_an_obstacle(real: Callable[[str], CompiledModel]) -> None:
    compiled = real("deeplabv3_mnv2_dm05_pascal_quant_edgetpu")
    assert micro_obstacles(compiled) == ()
    (package,) = compiled.packages
    turned = replace(package, output_names=package.output_names[::-1])
    (reason,) = micro_obstacles(replace(compiled, packages=(turned,)))
    assert "order" in reason
    other = replace(package, executables=tuple(replace(e, chip="x") for e in package.executables))
    assert "chip 'x'" in micro_obstacles(replace(compiled, packages=(other,)))[0]
    assert len(micro_obstacles(replace(compiled, packages=(package, package)))) == 1


def test_a_model_that_is_not_compiled_says_so(build_model: Callable[..., bytes]) -> None:
    model = read_model(build_model(), name="small.tflite")
    assert not is_compiled(model)
    with pytest.raises(BadInput, match=r"small\.tflite is not compiled for the Edge TPU"):
        read_compiled(model)


def compiled_with_options(build_model: Callable[..., bytes], options: bytes) -> bytes:
    def edit(model: Any, schema: Any) -> None:
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = "edgetpu-custom-op"
        operator = model.subgraphs[0].operators[0]
        operator.builtinOptions, operator.builtinOptionsType = None, 0
        operator.customOptions = np.frombuffer(options, np.uint8)

    return build_model(edit)


def options_with(value: object) -> bytes:
    flexbuffers = pytest.importorskip("flatbuffers.flexbuffers")
    packed = flexbuffers.Dumps(value)
    assert isinstance(packed, bytes | bytearray)
    return bytes(packed)


def test_flexbuffer_maps_agree_with_googles_writer() -> None:
    value = {"1": 0, "2": "beagle", "4": b"\x00\xff" * 300, "5": -3, "9": [1, 2]}
    packed = options_with(value)
    assert read_map(packed) == {"1": 0, "2": b"beagle", "4": b"\x00\xff" * 300, "5": -3}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (b"", "flexbuffer of 0 bytes"),
        (b"\x05\x04\x01", "not a map"),
        (b"\x01\x04\x03", "root of 3 bytes"),
    ],
)
def test_options_that_are_no_map(
    build_model: Callable[..., bytes], options: bytes, reason: str
) -> None:
    model = read_model(compiled_with_options(build_model, options), name="x.tflite")
    assert is_compiled(model)
    with pytest.raises(BadInput, match=reason):
        read_compiled(model)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"1": 0}, "no key '4'"),
        ({"4": 7}, "no key '4'"),
        ({"4": b"\x10\x00\x00\x00NOPE" + bytes(40)}, "identifier is b'NOPE'"),
        ({"4": b"\x10\x00"}, "2 bytes long"),
    ],
)
def test_maps_without_a_package(
    build_model: Callable[..., bytes], value: dict[str, object], reason: str
) -> None:
    data = compiled_with_options(build_model, options_with(value))
    with pytest.raises(BadInput, match=reason) as caught:
        read_compiled(read_model(data, name="x.tflite"))
    assert "x.tflite: the Edge TPU package of operator 0 is damaged" in caught.value.message


def test_every_truncation_of_a_map_is_refused_or_read() -> None:
    packed = options_with({"1": 0, "4": b"12345678", "5": 9})
    for end in range(len(packed)):
        try:
            read_map(packed[:end])
        except FlatbufferError:
            continue
    for position in range(len(packed)):
        for bit in range(8):
            mutant = bytearray(packed)
            mutant[position] ^= 1 << bit
            try:
                read_map(bytes(mutant))
            except FlatbufferError:
                continue


def mutant_of(data: bytes, rng: np.random.Generator) -> bytes:
    """Flip bits or overwrite words where structure is: nested buffers begin on 4096 bytes."""
    mutant = bytearray(data)
    if rng.random() < 0.1:
        return data[: rng.integers(0, len(data))]
    words = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data))
    package = data.find(b"DWN1")
    for _ in range(rng.integers(1, 5)):
        near = int(rng.integers(0, 2048))
        page = int(rng.integers(0, max(1, (len(data) - package) // 4096)))
        at = (near, len(data) - 1 - near, package + near, package + page * 4096 + near)
        where = min(max(int(rng.choice(at)), 0), len(data) - 4)
        if rng.random() < 0.5:
            mutant[where] ^= 1 << int(rng.integers(0, 8))
        else:
            mutant[where : where + 4] = int(rng.choice(words)).to_bytes(4, "little")
    return bytes(mutant)


def test_mutants_of_compiled_files(shared: Path) -> None:
    files = [p.read_bytes() for p in sorted(shared.glob("edgetpu_models/*edgetpu.tflite"))]
    small = [data for data in files if len(data) < 200_000]
    rng = np.random.default_rng(3)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(MUTANTS):
        mutant = mutant_of(small[rng.integers(0, len(small))], rng)
        started = time.process_time()
        try:
            micro_obstacles(read_compiled(read_model(mutant)))
            outcomes["read"] += 1
        except BadInput as error:
            assert "\n" not in str(error)
            json.dumps(str(error))
            outcomes["refused"] += 1
        assert time.process_time() - started < SLOWEST_S
    assert min(outcomes.values()) > MUTANTS // 10
