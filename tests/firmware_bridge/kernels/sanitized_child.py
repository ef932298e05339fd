"""Run layers through a sanitized library, in a process that has its runtime preloaded.

Arguments: the library, the number of layers and their seed. Outputs go to standard output, one
after the other.
"""

from __future__ import annotations

import ctypes
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from host_kernels import run_call
from weighted_layers import layers_at_random


def main() -> None:
    library = ctypes.CDLL(sys.argv[1])
    for layer in layers_at_random(int(sys.argv[2]), seed=int(sys.argv[3])):
        size = math.prod(layer.output_shape)
        (output,) = run_call(library, layer.lowered(), [layer.source], [size])
        sys.stdout.buffer.write(output.tobytes())


main()
