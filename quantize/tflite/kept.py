"""What a model keeps from one invocation to the next."""

from __future__ import annotations

from dataclasses import replace

from quantize.tflite.model import Subgraph, Tensor
from quantize.tflite.options import VarHandleOptions


def kept_tensors(subgraph: Subgraph) -> tuple[Tensor, ...]:
    """Return what the operators of a subgraph keep, in the order in which it is first used.

    Resource variables are returned as the tensor that is read from them or assigned to them first,
    under the variable's own name; tensors that are variables themselves as they are.
    """
    names: dict[int, str] = {}
    found: dict[str | int, Tensor] = {}
    for layer in subgraph.layers:
        operator = layer.operator
        if isinstance(operator.options, VarHandleOptions):
            names |= dict.fromkeys(operator.outputs, operator.options.shared_name)
        elif operator.name in {"READ_VARIABLE", "ASSIGN_VARIABLE"}:
            used = (*operator.inputs, *operator.outputs)
            if len(used) == 2 and used[1] >= 0 and (name := names.get(used[0])) is not None:
                found.setdefault(name, replace(subgraph.tensors[used[1]], name=name))
        for tensor in layer.inputs:
            if tensor.is_variable:
                found.setdefault(tensor.index, tensor)
    return tuple(found.values())
