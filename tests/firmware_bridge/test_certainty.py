"""How sure a decision is: worked by hand, held to real numbers, the same in C and on a device."""

from __future__ import annotations

import ctypes
import math
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.certainty import _POWERS, MOST_WINDOWS, ONE, Certainty, probabilities
from quantize.foundation.errors import BadInput

HERE = Path(__file__).parent
RUNTIME = HERE.parents[1] / "firmware_bridge" / "runtime"
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror")
CORTEX_M7 = ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")
MACHINE = ("-M", "mps2-an500", "-icount", "shift=6", "-nographic", "-monitor", "none")
INSTRUCTIONS_PER_TICK = 0.625
HALVES = 1 << 24
"""The multiplier with which a step of the logits halves a class's weight."""
Case = tuple[list[int], int, int]


@st.composite
def cases(draw: Any) -> Case:
    """Sums that int8 logits can have, over so many windows, and any multiplier."""
    windows = draw(st.one_of(st.integers(1, 8), st.integers(1, MOST_WINDOWS)))
    classes = draw(st.integers(1, 128))
    sums = draw(
        st.lists(st.integers(-128 * windows, 127 * windows), min_size=classes, max_size=classes)
    )
    multiplier = draw(st.one_of(st.integers(0, 1 << 22), st.integers(0, (1 << 32) - 1)))
    return sums, windows, multiplier


@pytest.mark.parametrize(
    ("sums", "windows", "multiplier", "expected"),
    [
        # One step less is half the weight: 2/3 and 1/3 of 32768, rounded.
        ([0, -1], 1, HALVES, [21845, 10923]),
        ([5, 4], 1, HALVES, [21845, 10923]),
        # Over two windows two steps are what one was.
        ([4, 2], 2, HALVES, [21845, 10923]),
        # 1 + 1/4 + 1/8: 8/11, 2/11, 1/11.
        ([3, 1, 0], 1, HALVES, [23831, 5958, 2979]),
        # Equals share alike, and so do all where the scale is not known.
        ([7, 7, 7], 1, HALVES, [10923, 10923, 10923]),
        ([127, -128], 1, 0, [16384, 16384]),
        ([9], 1, HALVES, [32768]),
        # 2^-15 of one is one step of the result; 2^-17 is none; beyond 2^-25 nothing is left.
        ([15, 0], 1, HALVES, [32767, 1]),
        ([17, 0], 1, HALVES, [32768, 0]),
        ([127, -128], 1, (1 << 32) - 1, [32768, 0]),
        # Half a step is 2^-0.5 = 0.70711: 1/1.70711 and 0.70711/1.70711.
        ([1, 0], 2, HALVES, [19195, 13573]),
    ],
)
def test_probabilities_worked_by_hand(
    sums: list[int], windows: int, multiplier: int, expected: list[int]
) -> None:
    found = probabilities(np.array(sums), windows=windows, multiplier=multiplier)
    assert found.tolist() == expected


def test_a_scale_and_a_temperature_make_the_multiplier() -> None:
    # log2(e) = 1.442695: times 0.1 over 2 it is 0.07213475, in Q24 1210220.3.
    assert Certainty.of_scale(0.1, temperature=2.0).multiplier == 1_210_220
    assert Certainty.of_scale(math.log(2)).multiplier == HALVES
    assert Certainty.of_scale(1e6).multiplier == (1 << 32) - 1


@given(case=cases())
@settings(max_examples=300)
def test_it_is_the_softmax_within_one_step_of_q15(case: Case) -> None:
    sums, windows, multiplier = case
    shares = np.exp2(-(max(sums) - np.array(sums)) / windows * (multiplier / 2**24))
    shares /= shares.sum()
    found = probabilities(np.array(sums), windows=windows, multiplier=multiplier)
    assert np.abs(found - shares * ONE).max() <= 1.0


@given(scale=st.floats(1e-3, 1.0), temperature=st.floats(0.2, 10.0), seed=st.integers(0, 99))
@settings(max_examples=100)
def test_a_rounded_multiplier_costs_nothing_more(
    scale: float, temperature: float, seed: int
) -> None:
    logits = np.random.default_rng(seed).integers(-128, 128, (50, 6))
    shares = np.exp(scale / temperature * (logits - logits.max(axis=1, keepdims=True)))
    shares /= shares.sum(axis=1, keepdims=True)
    found = Certainty.of_scale(scale, temperature=temperature).probabilities(logits)
    assert np.abs(found - shares * ONE).max() <= 1.0


@given(case=cases())
@settings(max_examples=200)
def test_shares_sum_to_1_and_the_labels_is_the_devices(case: Case) -> None:
    sums, windows, multiplier = case
    found = Certainty(multiplier=multiplier).shares(np.array(sums), windows)
    label = sums.index(max(sums))
    assert found[label] == found.max() == by_python(case) / ONE
    alike = sums.count(max(sums)) > 1 or len(sums) == 1
    if not alike and multiplier > 0 and found[label] < 1.0 and found.max() > np.sort(found)[-2]:
        assert found.sum() == pytest.approx(1.0, abs=1e-9)
    assert found.sum() == pytest.approx(1.0, abs=len(sums) / ONE)


def test_unsure_is_below_the_threshold_alone() -> None:
    certainty = Certainty(multiplier=1, unsure_below=100)
    assert [certainty.is_unsure(p) for p in (99, 100, 101)] == [True, False, False]
    assert not Certainty().is_unsure(0)


@pytest.mark.parametrize("values", [(-1, 0), (1 << 32, 0), (0, -1), (0, ONE + 1)])
def test_what_no_device_can_hold_is_refused(values: tuple[int, int]) -> None:
    with pytest.raises(BadInput):
        Certainty(multiplier=values[0], unsure_below=values[1])


def test_the_table_in_c_is_the_one_here() -> None:
    text = (RUNTIME / "src" / "dev_certainty.c").read_text()
    table = text.partition("powers[65] = {")[2].partition("}")[0]
    assert [int(n) for n in re.findall(r"(\d+)u", table)] == _POWERS.tolist()


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], int]:
    library = tmp_path_factory.mktemp("certainty") / "certainty.so"
    source = str(RUNTIME / "src" / "dev_certainty.c")
    sanitised = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    flags = [*STRICT, "-O2", *sanitised, "-shared", "-fPIC", f"-I{RUNTIME / 'include'}"]
    command = ["gcc", *flags, source, "-o", str(library)]
    subprocess.run(command, check=True, capture_output=True)
    function = ctypes.CDLL(str(library)).dev_certainty
    function.argtypes = [ctypes.POINTER(ctypes.c_int32), *[ctypes.c_uint32] * 4]
    function.restype = ctypes.c_uint32

    def call(case: Case) -> int:
        sums, windows, multiplier = case
        given_sums = (ctypes.c_int32 * len(sums))(*sums)
        return int(function(given_sums, len(sums), int(np.argmax(sums)), windows, multiplier))

    return call


def by_python(case: Case) -> int:
    sums, windows, multiplier = case
    found = probabilities(np.array(sums), windows=windows, multiplier=multiplier)
    return int(found[int(np.argmax(sums))])


@given(case=cases())
@settings(max_examples=500)
def test_c_gives_the_same_bits(in_c: Callable[[Case], int], case: Case) -> None:
    assert in_c(case) == by_python(case)


def many_cases() -> list[Case]:
    """Edges, and logits of six classes as a network gives them, smoothed over a few windows."""
    rng = np.random.default_rng(7)
    found: list[Case] = [
        ([127 * 1000] + [-128 * 1000] * 127, 1000, (1 << 32) - 1),
        ([0] * 128, 1000, (1 << 32) - 1),
        ([-128 * 1000] * 2, 1000, 0),
        ([127, -128], 1, 1),
    ]
    for multiplier in (0, 1, 60_000, 1_210_220, HALVES, 3 << 24, (1 << 32) - 1):
        for windows in (1, 2, 3, 7, 64):
            logits = rng.integers(-128, 128, (25, windows, 6)).sum(axis=1)
            found += [(sums.tolist(), windows, multiplier) for sums in logits]
    return found


def test_an_emulated_device_gives_the_same_bits(tmp_path: Path) -> None:
    for program in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    frontend = HERE / "frontend" / "c"
    sources = [RUNTIME / "src" / "dev_certainty.c", HERE / "runtime" / "c" / "certainty.c"]
    folders = (frontend, RUNTIME / "include")
    flags = [*STRICT, "-O2", *CORTEX_M7, "-nostartfiles", "--specs=nano.specs"]
    flags += [f"-T{frontend / 'device.ld'}", *(f"-I{folder}" for folder in folders)]
    program = tmp_path / "certainty.elf"
    command = ["arm-none-eabi-gcc", *flags, *map(str, sources), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    given_cases = many_cases()
    request = b"".join(
        np.array([len(sums), np.argmax(sums), windows, multiplier], "<u4").tobytes()
        + np.array(sums, "<i4").tobytes()
        for sums, windows, multiplier in given_cases
    )
    (tmp_path / "request.bin").write_bytes(request)
    emulate = ["qemu-system-arm", *MACHINE, "-serial", "null", "-semihosting", "-kernel"]
    done = subprocess.run([*emulate, program], cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 0
    reply = np.frombuffer((tmp_path / "reply.bin").read_bytes(), "<u4").reshape(-1, 2)
    assert reply[:, 0].tolist() == [by_python(case) for case in given_cases]
    six = [len(sums) == 6 for sums, _, _ in given_cases]
    assert reply[six, 1].max() * INSTRUCTIONS_PER_TICK < 650
