"""Results by key: whole or not there, whatever happened to their files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeser.study.jobs import Job, canonical_json, job_key
from edgeser.study.store import ResultStore
from quantize.foundation.errors import BadInput

JOB = Job(job_key({"seed": 1}, code="c"), "amplitude, seed 1", "train", {"seed": 1})
RESULT = {"predictions": [], "costs": None, "facts": {"epochs": 3, "loss": 0.1 + 0.2}}


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    store = ResultStore(tmp_path)
    store.keep(JOB, RESULT, seconds=12.3456)
    return store


def test_a_result_comes_back_to_the_bit(store: ResultStore) -> None:
    found = store.find(JOB.key)
    assert found.kept is not None
    assert (found.kept.result, found.kept.seconds, found.problem) == (RESULT, 12.346, "")
    assert store.find("0" * 64).kept is None
    assert store.find("0" * 64).problem == ""


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def altered(data: bytes) -> bytes:
    return data.replace(b'"epochs":3', b'"epochs":4')


def other_seconds(data: bytes) -> bytes:
    return data.replace(b"12.346", b"1.0000")


def of_another_job(data: bytes) -> bytes:
    return data.replace(JOB.key.encode(), b"0" * 64)


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        altered,
        other_seconds,
        of_another_job,
        lambda data: b"",
        lambda data: b"[" * 100_000,
        lambda data: b"[1, 2]",
        lambda data: b'{"schema": "edgeser.study-result/1"}',
        lambda data: b"\xff\xfe",
        lambda data: data.replace(b"12.346", b"NaN"),
        lambda data: data.replace(b"12.346", b"1" * 5000),
    ],
)
def test_a_damaged_file_is_named_in_one_line_and_kept_aside(
    store: ResultStore, damage: Callable[[bytes], bytes]
) -> None:
    path = store.path_of(JOB.key)
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    found = store.find(JOB.key)
    assert found.kept is None
    assert path.name in found.problem
    assert "\n" not in found.problem
    assert len(found.problem) < 400
    assert store.claim(JOB.key)
    aside = store.set_aside(JOB.key)
    assert aside is not None
    assert aside.read_bytes() == damaged
    store.keep(JOB, RESULT, seconds=1)
    assert store.find(JOB.key).kept is not None


def test_what_is_no_file_is_no_result(store: ResultStore) -> None:
    path = store.path_of(JOB.key)
    path.unlink()
    os.mkfifo(path)
    assert "not a regular file" in store.find(JOB.key).problem
    assert store.set_aside(JOB.key) is not None
    path.mkdir()
    assert "is a folder" in store.find(JOB.key).problem
    assert store.set_aside(JOB.key) is not None
    assert store.find(JOB.key).problem == ""


def test_one_process_at_a_time_has_a_job(store: ResultStore, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from edgeser.study.store import ResultStore\n"
        "store = ResultStore(Path(sys.argv[1]))\n"
        "print([store.claim(key) for key in sys.argv[2:]])\n"
    )
    other = "f" * 64

    def claims() -> str:
        command = [sys.executable, "-c", program, str(tmp_path), JOB.key, other]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert store.claim(JOB.key)
    assert claims() == "[False, True]"
    store.release(JOB.key)
    assert claims() == "[True, True]"
    assert store.claim(JOB.key)
    store.close()
    assert claims() == "[True, True]"


def test_a_full_disk_leaves_no_part_of_a_result(small_disk: Path) -> None:
    store = ResultStore(small_disk)
    with pytest.raises(BadInput, match="No space left"):
        store.keep(JOB, {"long": "x" * 200_000}, seconds=1)
    assert store.find(JOB.key).problem == ""
    assert [path.name for path in store.folder.iterdir()] == []


def test_keys_name_all_that_they_depend_on_and_nothing_else() -> None:
    assert job_key({"a": 1, "b": [2]}, code="c") == job_key({"b": [2], "a": 1}, code="c")
    assert job_key({"a": 1}, code="c") != job_key({"a": 2}, code="c")
    assert job_key({"a": 1}, code="c") != job_key({"a": 1}, code="d")
    assert canonical_json({"b": 1, "a": "\u00e9"}) == b'{"a":"\\u00e9","b":1}'
    for wrong in (float("nan"), b"x", {1, 2}, object()):
        with pytest.raises(BadInput, match="no JSON"):
            canonical_json({"x": wrong})
    with pytest.raises(BadInput, match="no key"):
        Job("../x", "name", "train", {})
