"""The C project: the same bytes each time, whole or not at all, and nobody else's files touched."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.boards import BOARDS, HOST, MPS2_AN500, Board
from firmware_bridge.emulator import build_firmware, find_tool
from firmware_bridge.licence import MODELS, OURS
from firmware_bridge.project import (
    MANIFEST,
    ModelSources,
    StreamSettings,
    self_test_input,
    write_project,
)
from firmware_bridge.project.device_code import device_code
from quantize.foundation.errors import BadInput, InternalError

STREAM = StreamSettings(hop_frames=3, smoothing=2)


def contents(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.name)
def test_same_input_gives_same_bytes(
    board: Board, tmp_path: Path, hand_made_model: ModelSources, small_frontend_sources
) -> None:
    written = []
    for name in ("first", "a longer name"):
        write_project(
            tmp_path / name,
            board=board,
            model=hand_made_model,
            frontend=small_frontend_sources,
            stream=STREAM,
            self_test_output=b"1234",
        )
        written.append(contents(tmp_path / name))
    assert written[0] == written[1]
    assert not any(str(tmp_path).encode() in data for data in written[0].values())


def test_manifest_lists_every_file_with_its_hash(
    tmp_path: Path, hand_made_model: ModelSources, small_frontend_sources, small_frontend
) -> None:
    project = write_project(
        tmp_path / "p",
        board=MPS2_AN500,
        model=hand_made_model,
        frontend=small_frontend_sources,
        stream=STREAM,
    )
    files = contents(project.directory)
    manifest = json.loads(files.pop(MANIFEST))
    assert manifest["board"] == "mps2-an500"
    assert manifest["model"] == {"name": hand_made_model.name, "hash": hand_made_model.hash}
    assert manifest["frontend"] == small_frontend.hash
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    assert manifest["files"] == project.files == hashes


def test_readme_says_what_it_is_and_how_to_run_it(
    tmp_path: Path, hand_made_model: ModelSources, small_frontend_sources, small_frontend
) -> None:
    write_project(
        tmp_path / "p",
        board=MPS2_AN500,
        model=hand_made_model,
        frontend=small_frontend_sources,
        stream=STREAM,
    )
    text = (tmp_path / "p" / "README.md").read_text()
    for part in (
        hand_made_model.hash, small_frontend.hash, "mps2-an500", "qemu-system-arm -M mps2-an500",
        "arm-none-eabi-gcc -mcpu=cortex-m7", "4,194,304 bytes of flash", "`frontend/`",
    ):  # fmt: skip
        assert part in text


def test_project_builds_wherever_it_is_moved_and_only_from_itself(
    tmp_path: Path, hand_made_model: ModelSources, small_frontend_sources
) -> None:
    write_project(
        tmp_path / "p",
        board=HOST,
        model=hand_made_model,
        frontend=small_frontend_sources,
        stream=STREAM,
    )
    moved = tmp_path / "elsewhere with spaces"
    (tmp_path / "p").rename(moved)
    build_firmware(moved, HOST)
    used = (moved / "build" / "runtime" / "src" / "dev_app.o.d").read_text()
    assert "frontend/frontend_tables.h" in used
    assert str(Path(__file__).parents[3]) not in used
    subprocess.run([find_tool("make"), "-C", moved, "clean"], check=True, capture_output=True)
    assert not (moved / "build").exists()


def test_an_object_that_is_half_there_fails_once_at_most(
    tmp_path: Path, hand_made_model: ModelSources
) -> None:
    write_project(tmp_path / "p", board=HOST, model=hand_made_model)
    whole = build_firmware(tmp_path / "p", HOST).elf.read_bytes()
    half = tmp_path / "p" / "build" / "model" / "model.o"
    half.write_bytes(half.read_bytes()[:100])
    with pytest.raises(InternalError, match="does not build"):
        build_firmware(tmp_path / "p", HOST)
    assert build_firmware(tmp_path / "p", HOST).elf.read_bytes() == whole


@pytest.fixture
def emulator_project(
    tmp_path: Path, hand_made_model: ModelSources, small_frontend_sources
) -> dict[str, bytes]:
    """The files of a project with a frontend, for the emulated board."""
    write_project(
        tmp_path / "p",
        board=MPS2_AN500,
        model=hand_made_model,
        frontend=small_frontend_sources,
        stream=STREAM,
    )
    return contents(tmp_path / "p")


def test_every_file_of_ours_says_its_licence(emulator_project: dict[str, bytes]) -> None:
    files = emulator_project
    assert files["LICENSE"] == (Path(__file__).parents[3] / "LICENSE").read_bytes()
    of_the_model = {
        "model/model.c", "model/model.h", "frontend/frontend_tables.c",
        "frontend/frontend_tables.h",
    }  # fmt: skip
    sources = {path for path in files if path.endswith((".c", ".h", ".ld"))}
    for path in sources:
        first = files[path].splitlines()[0].decode()
        assert first == (MODELS if path in of_the_model else OURS), path
    assert files["Makefile"].startswith(b"# SPDX-License-Identifier: Apache-2.0\n")


def test_what_only_hosts_compile_stays_here(emulator_project: dict[str, bytes]) -> None:
    files = emulator_project
    assert not [path for path in files if "split" in path or "vector" in path]
    for path, data in files.items():
        lines = data.decode().splitlines()
        assert not [line for line in lines if line.startswith("#") and "APF_SPLIT" in line], path
        named = [line.split('"')[1] for line in lines if line.startswith('#include "')]
        assert set(named) <= {Path(other).name for other in files}, path


def test_branches_for_hosts_are_left_out() -> None:
    source = """\
#include "a.h"

#if defined(APF_SPLIT)

int host;
#if OTHER
int host_too;
#else
int host_as_well;
#endif

#else

#if OTHER
int device;
#else
int other_device;
#endif

#endif
#if !defined(APF_SPLIT)
int last;
#else
int not_this;
#endif
"""
    assert (
        device_code(source)
        == """\
#include "a.h"

#if OTHER
int device;
#else
int other_device;
#endif

int last;
"""
    )


def make(directory: Path, *arguments: str) -> str:
    command = [find_tool("make"), "-C", str(directory), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_what_changed_is_built_again_and_nothing_else(
    tmp_path: Path, hand_made_model: ModelSources
) -> None:
    place = tmp_path / "with spaces"
    write_project(place, board=HOST, model=hand_made_model)
    assert make(place, "-j4").count(" -c ") == len(list(place.rglob("*.c")))
    assert " -c " not in make(place)
    later = 1 + (place / "build" / "firmware.elf").stat().st_mtime
    os.utime(place / "runtime" / "include" / "dev_writer.h", (later, later))
    again = make(place, "-n")
    assert "runtime/src/dev_writer.c" in again
    assert "runtime/src/dev_crc32.c" not in again
    os.utime(place / "Makefile", (later, later))
    assert "runtime/src/dev_crc32.c" in make(place, "-n")
    assert ".text" in make(place, "size")


def test_only_what_is_needed_is_copied(tmp_path: Path, hand_made_model: ModelSources) -> None:
    project = write_project(tmp_path / "p", board=HOST, model=hand_made_model)
    assert not [path for path in project.files if path.startswith(("kernels/", "frontend/"))]
    assert not [path for path in project.files if "dev_stream" in path or "dev_decisions" in path]


def test_kernels_come_with_what_they_include(tmp_path: Path, hand_made_model: ModelSources) -> None:
    source = '#include "i8_softmax.h"\n' + hand_made_model.source
    model = dataclasses.replace(hand_made_model, source=source)
    project = write_project(tmp_path / "p", board=HOST, model=model)
    kernels = {path for path in project.files if path.startswith("kernels/")}
    assert {"kernels/include/i8_softmax.h", "kernels/src/i8_softmax.c"} <= kernels
    assert not [path for path in kernels if "conv" in path]
    build_firmware(project.directory, HOST)
    unknown = dataclasses.replace(hand_made_model, source='#include "i8_nothing.h"\n')
    with pytest.raises(InternalError, match=r"i8_nothing\.h"):
        write_project(tmp_path / "q", board=HOST, model=unknown)
    assert not (tmp_path / "q").exists()


def test_earlier_project_is_replaced_with_its_build(
    tmp_path: Path, hand_made_model: ModelSources, small_frontend_sources
) -> None:
    write_project(
        tmp_path / "p",
        board=MPS2_AN500,
        model=hand_made_model,
        frontend=small_frontend_sources,
        stream=STREAM,
    )
    (tmp_path / "p" / "build").mkdir()
    (tmp_path / "p" / "build" / "firmware.elf").write_bytes(b"old")
    write_project(tmp_path / "p", board=HOST, model=hand_made_model)
    fresh = write_project(tmp_path / "q", board=HOST, model=hand_made_model)
    assert contents(tmp_path / "p") == contents(fresh.directory)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p", "q"]


def test_the_same_project_again_keeps_what_was_built(
    tmp_path: Path, hand_made_model: ModelSources
) -> None:
    directory = tmp_path / "p"
    write_project(directory, board=HOST, model=hand_made_model)
    built = directory / "build" / "firmware.elf"
    built.parent.mkdir()
    built.write_bytes(b"built")
    write_project(directory, board=HOST, model=hand_made_model)
    assert built.read_bytes() == b"built"
    other = dataclasses.replace(hand_made_model, source=hand_made_model.source + "/* other */\n")
    write_project(directory, board=HOST, model=other)
    assert not built.exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a file", "something else is there"),
        ("a folder with something", "something else is there"),
        ("a link", "something else is there"),
        ("a foreign manifest", "manifest.json there|is not from an earlier export"),
        ("an added file", "model/mine.c there is not from an earlier export"),
        ("an edited file", "board/port.c there was changed since it was exported"),
        ("a broken manifest", "is not from an earlier export"),
    ],
)
def test_what_is_not_ours_is_left_alone(
    name: str, reason: str, tmp_path: Path, hand_made_model: ModelSources
) -> None:
    place = tmp_path / "p"
    if name == "a file":
        place.write_text("mine")
    elif name == "a folder with something":
        place.mkdir()
        (place / "notes.txt").write_text("mine")
    elif name == "a link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    elif name == "a foreign manifest":
        place.mkdir()
        (place / MANIFEST).write_text('{"format": "something else"}')
        (place / "notes.txt").write_text("mine")
    else:
        write_project(place, board=HOST, model=hand_made_model)
        if name == "an added file":
            (place / "model" / "mine.c").write_text("int mine;\n")
        elif name == "an edited file":
            (place / "board" / "port.c").write_text("/* better */\n")
        else:
            (place / MANIFEST).write_text("[1, 2")
    before = contents(place) if place.is_dir() else place.read_bytes()
    with pytest.raises(BadInput, match=reason):
        write_project(place, board=HOST, model=hand_made_model)
    assert (contents(place) if place.is_dir() else place.read_bytes()) == before


def test_empty_folder_is_taken(tmp_path: Path, hand_made_model: ModelSources) -> None:
    (tmp_path / "p").mkdir()
    write_project(tmp_path / "p", board=HOST, model=hand_made_model)
    assert (tmp_path / "p" / "Makefile").is_file()


def test_full_disk_leaves_the_earlier_project(
    small_disk: Path, hand_made_model: ModelSources
) -> None:
    (small_disk / "ballast").write_bytes(bytes(40_000))
    with pytest.raises(BadInput, match="cannot write"):
        write_project(small_disk / "p", board=HOST, model=hand_made_model)
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_folder_that_may_not_be_written_is_told(
    unwritable_folder: Path, hand_made_model: ModelSources
) -> None:
    with pytest.raises(BadInput, match="cannot write"):
        write_project(unwritable_folder / "p", board=HOST, model=hand_made_model)


@pytest.mark.parametrize(
    "stream",
    [None, StreamSettings(hop_frames=0, smoothing=1), StreamSettings(hop_frames=1, smoothing=0),
     StreamSettings(hop_frames=1, smoothing=1001)],
)  # fmt: skip
def test_settings_that_do_not_go_together_are_refused(
    stream, tmp_path: Path, hand_made_model: ModelSources, small_frontend_sources
) -> None:
    with pytest.raises(BadInput):
        write_project(
            tmp_path / "p",
            board=HOST,
            model=hand_made_model,
            frontend=small_frontend_sources,
            stream=stream,
        )
    assert list(tmp_path.iterdir()) == []


def test_window_that_is_not_the_models_input_does_not_compile(
    tmp_path: Path, hand_made_model: ModelSources, small_frontend
) -> None:
    from firmware_bridge.frontend.c_tables import emit_frontend

    write_project(
        tmp_path / "p",
        board=HOST,
        model=hand_made_model,
        frontend=emit_frontend(small_frontend, window_frames=5),
        stream=STREAM,
    )
    with pytest.raises(InternalError, match="the rows of a window are the input of the model"):
        build_firmware(tmp_path / "p", HOST)


def test_input_of_the_self_test_is_xorshift() -> None:
    values = self_test_input(100_000)
    # The first state: seed 0x2545F491 through 13, 17, 5.
    state = 0x2545F491
    state ^= (state << 13) % 2**32
    state ^= state >> 17
    state ^= (state << 5) % 2**32
    assert values.view(np.uint8)[0] == state >> 24
    assert values.dtype == np.int8
    counts = np.bincount(values.view(np.uint8), minlength=256)
    assert counts.min() > 300 and counts.max() < 500
