"""What others load for functions that nobody calls stays unloaded while a network is converted."""

from __future__ import annotations

import subprocess
import sys


def test_the_simplifier_is_loaded_without_pytorch_which_can_be_loaded_later() -> None:
    program = (
        "import importlib.util, sys\n"
        "from quantize.convert.tensorflow_child import _left_out\n"
        "with _left_out():\n"
        "    import onnxsim\n"
        "assert callable(onnxsim.simplify)\n"
        "assert not {'torch', 'pandas'} & set(sys.modules)\n"
        "assert importlib.util.find_spec('torch') is not None\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
