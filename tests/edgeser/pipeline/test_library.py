"""A wake word and a model that listens in one library: each form builds, and gives the same bytes.

The wake word is ESPHome's `okay_nabu` where there is a folder of real models, and one built by hand
that keeps state likewise where there is none.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import edgeser.pretrained
from edgeser.bundle import load_bundle
from edgeser.pipeline.exports.library import ModelForLibrary, library_of
from edgeser.pipeline.stream import streaming_classifier
from firmware_bridge.boards import MPS2_AN386, MPS3_AN547, Board
from firmware_bridge.emulator import running_emulator
from firmware_bridge.forms import FORMS, library_contents
from firmware_bridge.link.transport import Transport
from firmware_bridge.project import Contents
from firmware_bridge.project.contents import tree
from firmware_bridge.streaming import Decision
from tests.firmware_bridge.compiler.state_models import (
    MicroSequence,
    StateBuilder,
    with_first_values,
)
from tests.firmware_bridge.project.test_headers import told

HERE = Path(__file__).parent
PRETRAINED = Path(edgeser.pretrained.__file__).with_name("pretrained-small.zip")
DOCS = Path(__file__).parents[3] / "docs" / "library.md"
NAME = "edgeser_emotion_wake"
STEPS = 4
PIECE = 512


@pytest.fixture(scope="module")
def wake_word(request: pytest.FixtureRequest) -> bytes:
    """A model that keeps state."""
    with suppress(pytest.skip.Exception):
        models = request.getfixturevalue("shared") / "cases" / "models"
        return (models / "mww2_okay_nabu.tflite").read_bytes()
    builder = StateBuilder()
    handles = with_first_values(builder, {"sum": np.array([[5, 5, 5, -5]], np.int8)}, scale=1.0)
    given = builder.tensor((1, 4), scale=1.0)
    total = builder.tensor((1, 4), scale=1.0)
    builder.operator("ADD", (given, builder.read(handles["sum"], given)), (total,), "Add")
    builder.assign(handles["sum"], total)
    last = builder.tensor((1, 4), scale=1.0)
    builder.operator("RELU", (total,), (last,))
    return builder.build((given,), (last,))


@dataclass(frozen=True)
class Both:
    """The library in each form, and what the host says of samples and of inputs."""

    forms: dict[str, Contents]
    samples: NDArray[np.int16]
    decisions: tuple[Decision, ...]
    labels: tuple[str, ...]
    inputs: list[bytes]
    outputs: list[bytes]


@pytest.fixture(scope="module")
def both(wake_word: bytes) -> Both:
    bundle, wake = load_bundle(PRETRAINED), wake_word
    library, (_, compiled) = library_of(
        [
            ModelForLibrary(model=bundle, chosen="emotion"),
            ModelForLibrary(model=wake, chosen="wake"),
        ]
    )
    assert library.name == NAME
    window = bundle.trained.recipe.window
    frames = window.frames + window.hop_frames
    count = bundle.trained.frontend.samples_of(frames) // PIECE * PIECE + PIECE
    random = np.random.default_rng(3)
    loudness = np.repeat(random.uniform(50, 6000, count // PIECE), PIECE)
    samples = (random.normal(0, 1, count) * loudness).clip(-32768, 32767).astype(np.int16)
    (size,) = compiled.compiled.input_bytes
    inputs = [random.integers(0, 256, size, np.uint8).tobytes() for _ in range(STEPS)]
    tensor = compiled.compiled.input
    values = [np.frombuffer(data, tensor.dtype.numpy).reshape(tensor.shape) for data in inputs]
    (found,) = MicroSequence(wake).run(values)
    return Both(
        forms={name: library_contents(library, form) for name, form in FORMS.items()},
        samples=samples,
        decisions=streaming_classifier(bundle).push(samples),
        labels=bundle.trained.classes,
        inputs=inputs,
        outputs=[step.tobytes() for step in found],
    )


def place(contents: Contents, folder: Path) -> Path:
    for path, data in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def run(command: list[str | Path], folder: Path, given: bytes = b"") -> str:
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def read(transport: Transport, count: int) -> bytes:
    data, deadline = b"", time.monotonic() + 120.0
    while len(data) < count:
        assert time.monotonic() < deadline, f"only {data!r} came"
        data += transport.read(count - len(data), 1.0)
    return data


def linked(both: Both, board: Board, folder: Path) -> Path:
    """Build the C++ program for a board, of the Zephyr module's sources; give its ELF file.

    They are built by the Makefile that the form `library` has beside the same sources.
    """
    place(both.forms["zephyr"], folder / "module")
    (folder / "module" / "Makefile").write_bytes(both.forms["library"]["Makefile"])
    runtime = tree("runtime")
    needed = {path: data for path, data in runtime.items() if path.endswith((".h", "dev_format.c"))}
    files = [path for path in board.files if path.name != "console_uart.c"]
    place({path.rpartition("/")[2]: data for path, data in needed.items()}, folder / "board")
    place({path.name: path.read_bytes() for path in files}, folder / "board")
    shutil.copy(HERE / "c" / "both_models.cc", folder)
    flags = [*board.compiler_flags, "-O1", "-Wall", "-Wextra", "-Werror", "-ffunction-sections"]
    flags += ["-Imodule/src", "-iquote", "board"]
    run(["arm-none-eabi-gcc", "-std=c11", *flags, "-c", *sorted(folder.glob("board/*.c"))], folder)
    # As a build of somebody else's would, which may fuse floats.
    theirs = ["-std=gnu11", "-ffp-contract=fast", *flags[: flags.index("-Imodule/src")]]
    archive = f"build/lib{NAME}.a"
    made = ["make", "-C", "module", "CC=arm-none-eabi-gcc", f"CFLAGS={' '.join(theirs)}", archive]
    run(made, folder)
    cpp = ["-std=c++17", "-fno-exceptions", "-fno-rtti"]
    run(["arm-none-eabi-g++", *cpp, *flags, "-c", "both_models.cc"], folder)
    sizes = {"FLASH": board.flash_bytes, "RAM": board.ram_bytes, "STACK": board.stack_bytes}
    linker = [*board.linker_flags, "-Wl,--gc-sections", "-T", folder / "board" / "link.ld"]
    linker += [f"-Wl,--defsym={name}_BYTES={size}" for name, size in sizes.items()]
    objects = sorted(folder.glob("*.o"))
    libraries = [folder / "module" / archive, "-lm"]
    run(["arm-none-eabi-gcc", *flags, *linker, *objects, *libraries, "-o", "both.elf"], folder)
    # There is nothing to fuse.
    code = run(["arm-none-eabi-objdump", "-d", "both.elf"], folder)
    assert not re.search(r"\tv(fn?m[as]|ml[as])\.f", code)
    return folder / "both.elf"


@pytest.mark.parametrize("board", [MPS2_AN386, MPS3_AN547], ids=lambda board: board.cpu)
def test_two_models_in_one_zephyr_module_give_the_bytes_of_the_host(
    both: Both, board: Board, tmp_path: Path
) -> None:
    if not all(map(shutil.which, ("arm-none-eabi-g++", "qemu-system-arm", "make"))):
        pytest.skip("needs gcc-arm-none-eabi, qemu-system-arm and make")
    decisions = list(both.decisions)
    assert len(decisions) == 2
    classes = len(both.labels)
    with running_emulator(linked(both, board, tmp_path), board) as transport:
        assert read(transport, 5) == b"ready"
        steps = iter(zip(both.inputs, both.outputs, strict=True))
        for start in range(0, len(both.samples), PIECE):
            transport.write(b"h" + both.samples[start : start + PIECE].astype("<i2").tobytes())
            found = read(transport, 16 + classes)
            count, *verdict = struct.unpack("<4I", found[:16])
            for decision in decisions[:count]:
                assert verdict == [decision.label, decision.probability, decision.unsure]
                assert tuple(np.frombuffer(found[16:], np.int8)) == decision.logits
            del decisions[:count]
            # Between the pieces: neither is in the other's way.
            if step := next(steps, None):
                transport.write(b"w" + step[0])
                assert read(transport, len(step[1])) == step[1]
        assert next(steps, None) is None
    assert not decisions


def test_generated_headers_tell_of_each_function(both: Both) -> None:
    sources = both.forms["library"]
    known = {
        name: told(sources[f"src/{NAME}/{name}.h"].decode())
        for name in ("emotion", "emotion_listener", "wake")
    }
    assert set(known["emotion_listener"]) == {
        "emotion_listener_start", "emotion_listener_reset", "emotion_listener_hear"
    }  # fmt: skip
    assert set(known["wake"]) == {"wake_input", "wake_output", "wake_reset", "wake_run"}
    assert all(all(functions.values()) for functions in known.values()), known


def test_the_docs_show_the_examples(both: Both) -> None:
    shown = re.findall(r"^```c\n(.*?)^```$", DOCS.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    for name, text in zip(("emotion_listen", "wake_infer"), shown, strict=True):
        ours = text.replace("voice.h", f"{NAME}.h").replace("nabu", "wake").replace("NABU", "WAKE")
        written = both.forms["library"][f"examples/{name}/main.c"].decode()
        assert written.partition("\n")[2] == ours


def said(both: Both) -> list[str]:
    """Return what an example says of the samples."""
    return ["unsure" if d.unsure else both.labels[d.label] for d in both.decisions]


def test_cmake_builds_installs_finds_and_runs_it(both: Both, tmp_path: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("needs cmake")
    place(both.forms["cmake"], tmp_path / "with spaces")
    options = [
        "-DEDGESER_EMOTION_WAKE_EXAMPLES=ON",
        "-DCMAKE_C_COMPILER_WORKS=1",
    ]
    strict = "-DCMAKE_C_FLAGS=-Wall -Wextra -Wconversion -Werror"
    run(["cmake", "-S", "with spaces", "-B", "build", strict, *options], tmp_path)
    run(["cmake", "--build", "build"], tmp_path)
    padded = both.samples.astype("<i2").tobytes()
    assert run([tmp_path / "build/emotion_listen"], tmp_path, padded).split() == said(both)
    given = b"".join(both.inputs)
    wanted = [output.hex() for output in both.outputs]
    assert run([tmp_path / "build/wake_infer"], tmp_path, given).split() == wanted
    # Somebody else's program, by the installed package.
    run(["cmake", "--install", "build", "--prefix", "there"], tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(own LANGUAGES C)\n"
        f"find_package({NAME} 0.1 REQUIRED)\nadd_executable(own main.c)\n"
        f"target_link_libraries(own {NAME}::{NAME})\n"
    )
    main = both.forms["cmake"]["examples/emotion_listen/main.c"]
    (tmp_path / "own" / "main.c").write_bytes(main)
    run(
        [
            "cmake",
            "-S",
            "own",
            "-B",
            "ob",
            "-DCMAKE_C_COMPILER_WORKS=1",
            f"-DCMAKE_PREFIX_PATH={tmp_path}/there",
        ],
        tmp_path,
    )
    run(["cmake", "--build", "ob"], tmp_path)
    assert run([tmp_path / "ob/own"], tmp_path, padded).split() == said(both)


def test_the_sources_are_the_same_in_each_form(both: Both) -> None:
    sources = [
        {path: data for path, data in contents.items() if path.startswith("src/")}
        for contents in both.forms.values()
    ]
    assert len(sources) == 6
    assert all(other == sources[0] for other in sources)


@pytest.mark.parametrize("form", FORMS)
def test_it_can_be_made_wherever_it_is(both: Both, form: str, tmp_path: Path) -> None:
    """What the CMake of Zephyr and ESP-IDF names is there, and sketches and mains compile."""
    folder = place(both.forms[form], tmp_path / NAME)
    stand_in = HERE / "stand_in"
    if form in ("zephyr", "esp-idf") and shutil.which("cmake"):
        script = {"zephyr": "zephyr/CMakeLists.txt", "esp-idf": "CMakeLists.txt"}[form]
        listed = run(
            ["cmake", f"-DLIST={folder / script}", "-P", stand_in / f"{form}.cmake"], folder
        )
        sources = sorted(path.name for path in folder.glob(f"src/{NAME}/*.c"))
        assert sorted(Path(line).name for line in listed.split()) == sources
    mains = [path for path in folder.rglob("*") if path.name == "main.c" or path.suffix == ".ino"]
    assert len(mains) == 3
    for main in mains:
        code = [line for line in main.read_text().splitlines()[1:] if line.strip()]
        assert len(code) <= 15, main
        sketch = main.suffix == ".ino"
        compiler = ["g++", "-std=gnu++11", "-x", "c++"] if sketch else ["gcc", "-std=gnu11"]
        if sketch:
            compiler += ["-include", stand_in / "Arduino.h"]
        includes = [f"-I{folder / 'src'}", f"-I{stand_in}"]
        run([*compiler, "-Wall", "-Wextra", "-Werror", *includes, "-fsyntax-only", main], folder)
