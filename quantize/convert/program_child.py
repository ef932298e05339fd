"""The child's side of an exported program of PyTorch: a harmless .pt2 in, an ONNX graph out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.convert.network_child import stacked
from quantize.convert.tensorflow_child import ONNX_NAME
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

PROGRAM_NAME = "network.pt2"


def trace_program(
    arrays: dict[str, NDArray[Any]], options: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Write an exported program as ONNX, and run it (a `ChildFunction`).

    Parameters
    ----------
    arrays
        ``parity0`` ...: samples of each input.
    options
        ``folder``: of our own, with the program as `PROGRAM_NAME`, from
        `quantize.convert.pt2_archive.harmless_archive`; ``inputs``: names of its inputs.

    Returns
    -------
    ``reference0`` ...: what each output is for the samples; ``outputs``: their names.
    """
    import torch
    from torch.utils import _pytree

    folder = Path(options["folder"])
    os.chdir(folder)
    try:
        program = torch.export.load(str(folder / PROGRAM_NAME))
        inner = torch.export.unflatten(program)
    except Exception as error:  # whatever its deserialiser raises
        raise BadInput(
            f"PyTorch cannot read the exported program: {printable(str(error), limit=300)}",
            hint=f"save it with torch.export.save of PyTorch {torch.__version__}",
        ) from error
    _refuse_broken(program)
    network = _flat(inner, program.call_spec.in_spec)
    samples = [torch.from_numpy(arrays[f"parity{i}"]) for i in range(len(options["inputs"]))]
    rows: list[list[Any]] = []
    given: Any = ()
    try:
        with torch.inference_mode():
            for place in range(len(samples[0])):
                given = network(*(values[place : place + 1] for values in samples))
                rows.append([each.numpy() for each in _pytree.tree_leaves(given)])
    except Exception as error:  # operators raise as they please
        raise BadInput(
            f"PyTorch cannot run the network on one sample: {printable(str(error), limit=300)}",
            hint="export it with a batch of 1, or with a dynamic batch",
        ) from error
    count = len(rows[0])
    names = ["output"] if count == 1 else [f"output{place}" for place in range(count)]
    if isinstance(given, dict) and len(given) == count and not set(given) & set(options["inputs"]):
        names = [str(name) for name in given]
    from quantize.convert.onnx_graph import trace

    trace(
        network,
        [values[:1] for values in samples],
        folder / ONNX_NAME,
        input_names=options["inputs"],
        output_names=names,
    )
    references = {
        f"reference{place}": stacked([row[place] for row in rows], name)
        for place, name in enumerate(names)
    }
    return references, {"outputs": names, "versions": {"torch": torch.__version__}}


def _refuse_broken(program: Any) -> None:
    for name, tensor in program.state_dict.items():
        if tensor.is_floating_point() and not bool(np.isfinite(tensor.detach().numpy()).all()):
            raise BadInput(
                f"the weights {printable(name)} hold NaN or infinity",
                hint="the training diverged; use an earlier epoch",
            )


def _flat(inner: Any, spec: Any) -> Any:
    """Return a module over tensors in order, whatever containers the network takes and gives.

    A network over tensors alone is left as it is, so that its layers keep their paths.
    """
    import torch
    from torch.utils import _pytree

    arguments, named = _pytree.tree_unflatten([None] * spec.num_leaves, spec)
    if not named and all(each is None for each in arguments):
        return inner

    class Flat(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = inner

        def forward(self, *tensors: torch.Tensor) -> Any:
            given, named = _pytree.tree_unflatten(list(tensors), spec)
            made = self.network(*given, **named)
            return made if isinstance(made, dict) else tuple(_pytree.tree_leaves(made))

    return Flat()
