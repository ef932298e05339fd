"""A child process takes crashes, hangs and hunger for memory upon itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantize.foundation.child import ChildResult, call_in_child
from quantize.foundation.errors import BadInput, InternalError

sys.path.insert(0, str(Path(__file__).parent))
import child_functions  # found through the path above, here and in the child


@pytest.fixture(autouse=True)
def _importable_in_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *sys.path]))


def call(function: Callable[..., Any], **limits: Any) -> ChildResult:
    return call_in_child(
        function, {"x": np.arange(3)}, {"word": "hello"}, what="the test", **limits
    )


def test_arrays_and_values_come_back_and_prints_do_not_disturb() -> None:
    result = call(child_functions.double)
    np.testing.assert_array_equal(result.arrays["y"], [0, 2, 4])
    assert result.values == {"echo": "hello"}
    assert "a note on stderr" in result.stderr


def test_a_crash_names_its_signal() -> None:
    with pytest.raises(InternalError, match="the test crashed with SIGSEGV"):
        call(child_functions.crash)


def test_a_hang_ends() -> None:
    with pytest.raises(InternalError, match="longer than 2 s"):
        call(child_functions.hang, timeout_s=2)


def test_an_error_of_ours_keeps_its_type_and_hint() -> None:
    with pytest.raises(BadInput, match="no such model") as caught:
        call(child_functions.refuse)
    assert caught.value.hint == "give another"


def test_too_much_memory_is_an_error_of_one_line() -> None:
    with pytest.raises(InternalError, match="out of memory"):
        call(child_functions.devour, memory_bytes=2 << 30)


def test_an_exit_tells_the_last_line_of_stderr() -> None:
    with pytest.raises(InternalError, match="gone early"):
        call(child_functions.leave)
