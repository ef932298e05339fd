"""A process that ends at once does not look for garbage first."""

from __future__ import annotations

import subprocess
import sys

import pytest

_CYCLE = """
from quantize.foundation.ending import end_without_collecting
class Told:
    def __del__(self): print("collected", flush=True)
told = Told()
told.itself = told
{ending}
"""


@pytest.mark.parametrize(
    ("ending", "said"), [("", "collected\n"), ("end_without_collecting()", "")]
)
def test_what_is_in_a_circle_is_left_to_the_kernel(ending: str, said: str) -> None:
    code = _CYCLE.format(ending=ending) + "\ndel told"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == said
