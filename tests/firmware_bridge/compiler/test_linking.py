"""Models in programs of other people: C or C++, several at once, optimised when linked."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from operator_models import ModelBuilder, micro_outputs

from firmware_bridge.boards import HOST, MPS2_AN500
from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.emulator import running_emulator, running_on_host
from firmware_bridge.frontend import FrontendConfig
from firmware_bridge.frontend.c_tables import emit_frontend
from firmware_bridge.frontend.normalisation import normalisation_from_statistics
from firmware_bridge.link.transport import Transport
from firmware_bridge.project import ModelSources, StreamSettings, write_project

HERE = Path(__file__).parent
OWN = Path(__file__).parents[2] / "vectors" / "amplitude_phase_int8.tflite"
DOCS = Path(__file__).parents[3] / "docs" / "firmware.md"
OPTIMISE = ["-O2", "-flto"]
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]

needs_emulator = pytest.mark.skipif(
    not all(map(shutil.which, ("arm-none-eabi-g++", "qemu-system-arm", "make"))),
    reason="needs gcc-arm-none-eabi, qemu-system-arm and make",
)


def dense(seed: int, inputs: int, outputs: int) -> bytes:
    """Make a model of one layer, whose kernel our own network uses too."""
    random = np.random.default_rng(seed)
    builder = ModelBuilder()
    x = builder.tensor((1, inputs), scale=0.1, zero_point=3)
    data = random.integers(-127, 128, (outputs, inputs), dtype=np.int8)
    weights = builder.tensor(data.shape, scale=0.01, data=data)
    y = builder.tensor((1, outputs), scale=0.3, zero_point=-5)
    builder.operator("FULLY_CONNECTED", (x, weights, -1), (y,), "FullyConnected")
    return builder.build((x,), (y,))


def samples(seed: int, count: int, shape: tuple[int, ...]) -> NDArray[np.int8]:
    return np.random.default_rng(seed).integers(-128, 128, (count, *shape), dtype=np.int8)


def sources(data: bytes, name: str) -> ModelSources:
    made = compile_model(data, name, prefix=name)
    return ModelSources(
        name=name, hash=made.sha256, header=made.header, source=made.source, prefix=name
    )


def run(command: list[str | Path], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(transport: Transport, count: int) -> bytes:
    data, deadline = b"", time.monotonic() + 60.0
    while len(data) < count:
        assert time.monotonic() < deadline, f"only {data!r} came"
        data += transport.read(count - len(data), 1.0)
    return data


def frontend(channels: int) -> FrontendConfig:
    statistics = np.zeros((2, channels)), np.ones((2, channels))
    return FrontendConfig(
        channels=channels,
        phase_planes=("gd_mod",),
        normalisation=normalisation_from_statistics(*statistics),
    )


@needs_emulator
def test_two_models_run_from_cpp_optimised_when_linked(tmp_path: Path) -> None:
    given = {"first": OWN.read_bytes(), "second": dense(4, 32, 7)}
    for name, channels in (("first", 4), ("second", 3)):
        tables = emit_frontend(frontend(channels), window_frames=4, prefix=name)
        write_project(
            tmp_path / name,
            board=MPS2_AN500,
            model=sources(given[name], name),
            frontend=tables,
            stream=StreamSettings(hop_frames=3, smoothing=2),
        )
        shutil.copytree(tmp_path / name, tmp_path / "all", dirs_exist_ok=True)
    folder = tmp_path / "all"
    shutil.rmtree(folder / "runtime" / "src")
    shutil.copy(tmp_path / "first" / "runtime" / "src" / "dev_format.c", folder / "board")
    (folder / "board" / "console_mailbox.c").unlink()
    shutil.copy(HERE / "c" / "two_models.cc", folder)
    headers = sorted({path.parent for path in folder.rglob("*.h")})
    includes = [part for place in headers for part in ("-iquote", str(place))]
    flags = [*MPS2_AN500.compiler_flags, *OPTIMISE, *WARNINGS, "-ffunction-sections", *includes]
    c = [path for path in sorted(folder.rglob("*.c")) if path.parent.name != "build"]
    run(["arm-none-eabi-gcc", "-std=c11", *flags, "-c", *c], folder)
    cpp = ["-std=c++17", "-fno-exceptions", "-fno-rtti"]
    run(["arm-none-eabi-g++", *cpp, *flags, "-c", "two_models.cc"], folder)
    sizes = {"FLASH": MPS2_AN500.flash_bytes, "RAM": MPS2_AN500.ram_bytes, "STACK": 8192}
    linker = [*MPS2_AN500.linker_flags, "-Wl,--gc-sections", "-T", folder / "board" / "link.ld"]
    linker += [f"-Wl,--defsym={name}_BYTES={size}" for name, size in sizes.items()]
    # Debian has the C++ library in another package; this program needs none of it.
    objects = sorted(folder.glob("*.o"))
    run(["arm-none-eabi-gcc", *flags, *linker, *objects, "-lm", "-o", "two.elf"], folder)
    inputs = [samples(3, 2, (1, 80, 40, 3)), samples(5, 2, (1, 32))]
    expected = [
        micro_outputs(model, values).reshape(2, -1)
        for model, values in zip(given.values(), inputs, strict=True)
    ]
    with running_emulator(folder / "two.elf", MPS2_AN500) as transport:
        assert read(transport, 6) == b"ready "
        for i in range(2):
            transport.write(inputs[0][i].tobytes() + inputs[1][i].tobytes())
            wanted = expected[0][i].tobytes() + expected[1][i].tobytes()
            assert read(transport, len(wanted)) == wanted


@needs_emulator
@pytest.mark.parametrize("program", ["firmware", "emulated"])
def test_a_project_runs_when_optimised_while_linking(program: str, tmp_path: Path, talk_to) -> None:
    data = dense(9, 32, 7)
    values = samples(5, 1, (1, 32))
    wanted = micro_outputs(data, values).reshape(-1)
    write_project(tmp_path / "p", board=MPS2_AN500, model=sources(data, "some"))
    target = f"build/{program}.elf"
    run(["make", "-s", "OPTIMISE=-O2 -flto", target], tmp_path / "p")
    with running_emulator(tmp_path / "p" / target, MPS2_AN500) as transport:
        device = talk_to(transport)
        device.command("db load 32")
        assert device.command(f"db {values[0, 0, :16].tobytes().hex()}") == []
        assert device.command(f"db {values[0, 0, 16:].tobytes().hex()}") == ["m-load-done"]
        (results,) = [line for line in device.command("infer 1 0") if "results" in line]
        numbers = [float(value) for value in results[len("m-results-[") : -1].split(",")]
    np.testing.assert_allclose(numbers, 0.3 * (wanted + 5.0), atol=6e-4)


@needs_emulator
def test_faults_are_reported_when_optimised_while_linking(
    tmp_path: Path, hand_made_model: ModelSources, talk_to
) -> None:
    write_project(tmp_path / "p", board=MPS2_AN500, model=hand_made_model)
    run(["make", "-s", "OPTIMISE=-O2 -flto"], tmp_path / "p")
    with running_emulator(tmp_path / "p" / "build" / "firmware.elf", MPS2_AN500) as transport:
        device = talk_to(transport)
        device.command("db load 1")
        device.command(f"db {-101 & 0xFF:02x}")  # the stack overflows
        transport.write(b"infer 1 0%")
        assert b"e-[stack overflow" in device.until(lambda got: b"e-[" in got and got[-1:] == b"\n")


EXAMPLE = re.compile(r"```c\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("text", ["README.md", "docs"])
@pytest.mark.parametrize(
    ("compiler", "language"), [("gcc", ("c", "-std=c11")), ("g++", ("c++", "-std=c++17"))]
)
def test_the_example_runs(
    text: str, compiler: str, language: tuple[str, str], tmp_path: Path
) -> None:
    data = dense(11, 8, 3)
    project = write_project(tmp_path / "p", board=HOST, model=sources(data, "kws01")).directory
    page = DOCS if text == "docs" else project / text
    (example,) = EXAMPLE.findall(page.read_text())
    called = "classify" if text == "docs" else "kws01_infer"
    values = samples(5, 1, (1, 8))
    numbers = ", ".join(map(str, values[0].ravel().tolist()))
    main = (
        f"{example}\n#include <stdio.h>\nint main(void) {{\n"
        f"  const int8_t input[KWS01_INPUT_BYTES] = {{{numbers}}};\n"
        f"  int8_t output[KWS01_OUTPUT_BYTES];\n  {called}(input, output);\n"
        '  for (unsigned i = 0; i < KWS01_OUTPUT_BYTES; ++i) printf("%d ", output[i]);\n}\n'
    )
    name = "main.c" if language[0] == "c" else "main.cc"
    (project / name).write_text(main)
    includes = ["-Imodel", "-Ikernels/include"]
    kernels = sorted((project / "kernels" / "src").glob("*.c"))
    run(["gcc", "-std=c11", *includes, "-c", "model/kws01.c", *kernels], project)
    objects = sorted(project.glob("*.o"))
    own = ["-x", language[0], language[1], *WARNINGS, *includes, name, "-x", "none"]
    run([compiler, *own, *objects, "-lm", "-o", "program"], project)
    printed = run([project / "program"], project)
    assert printed.split() == [str(v) for v in micro_outputs(data, values).ravel()]


def test_a_chosen_name_answers_the_runner(tmp_path: Path, talk_to) -> None:
    model = dataclasses.replace(sources(dense(1, 8, 3), "kws01"), device="kws01")
    project = write_project(tmp_path / "p", board=HOST, model=model).directory
    run(["make", "-s"], project)
    with running_on_host(project / "build" / "firmware.elf") as transport:
        device = talk_to(transport)
        assert device.command("name") == ["m-name-dut-[kws01]"]
        assert device.command("profile")[1] == "m-model-[kws01]"
