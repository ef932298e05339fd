"""A graph of TensorFlow written anew, operator by operator, in forms that have an int8 kernel.

What is known beforehand is computed: a loop whose number of turns is known becomes its turns, a
branch that is always taken becomes what it does, and lists of tensors become what stands in them.
Operators without an int8 form are replaced by others that give the same; see `replacements`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from quantize.convert.functions import kinds_in, without_variables
from quantize.convert.replacements import MOST_SLICED_AXES, REPLACEMENTS
from quantize.foundation.errors import CheckFailed
from quantize.foundation.foreign import printable

MOST_TURNS = 128
"""Of a loop: more make code of thousands of operators."""
_LOOPS = frozenset({"While", "StatelessWhile"})
_BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_LISTS = frozenset(
    {"TensorListFromTensor", "TensorListReserve", "TensorListGetItem", "TensorListSetItem",
     "TensorListStack", "TensorListLength"}
)  # fmt: skip
_CONTROL_FLOW = _LOOPS | _BRANCHES | _LISTS
_NO_REASONS = frozenset({"Add", "AddV2", "Cast", "StridedSlice"})
_REASONS = (REPLACEMENTS.keys() - _NO_REASONS) | {"Neg"} | _CONTROL_FLOW
"""What a graph is written anew for; sums are replaced only where something is negated."""
_SAME = frozenset({"Identity", "StopGradient", "PreventGradient"})
_OF_SHAPE = frozenset({"Shape", "Size", "Rank", "ZerosLike", "OnesLike"})
_KEPT = frozenset({"Placeholder", "NoOp", "Assert"})


def rewritten(concrete: Any, spec: Sequence[Any]) -> Any:
    """Return a function that gives the same, or the same one where nothing is to be replaced.

    Parameters
    ----------
    concrete
        A concrete function of TensorFlow.
    spec
        What it takes.

    Returns
    -------
    A concrete function without variables; `concrete` itself where all operators may stay.

    Raises
    ------
    CheckFailed
        When a loop has more than `MOST_TURNS` turns, or how often it turns or which branch is taken
        depends on the input: its layer is named.
    """
    import tensorflow as tf

    if not kinds_in(concrete) & _REASONS and not _slices_deeply(concrete.graph):
        return concrete
    frozen = without_variables(concrete)
    outputs = [tensor.name for tensor in frozen.outputs]
    writer = _Writer(frozen.graph)

    def run(*values: Any) -> list[Any]:
        given = dict(zip((tensor.name for tensor in frozen.inputs), values, strict=True))
        return [tf.convert_to_tensor(each) for each in writer.run(frozen.graph, given, outputs)]

    # As it is: AutoGraph would wrap errors, and slow down what has no code to translate.
    return tf.function(run, input_signature=list(spec), autograph=False).get_concrete_function()


def _slices_deeply(graph: Any) -> bool:
    """Whether a slice has more axes than TFLite-Micro takes; functions within are not looked at."""
    return any(
        operation.type == "StridedSlice"
        and (operation.inputs[0].shape.rank or 0) > MOST_SLICED_AXES
        for operation in graph.get_operations()
    )


class _Writer:
    """Writes the operators of a graph into the one that is being traced.

    A value is an array where it is known, else a tensor; a list of tensors is a list of values.
    """

    def __init__(self, root: Any) -> None:
        from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

        definitions = {f.signature.name: f for f in root.as_graph_def().library.function}
        graphs: dict[str, Any] = {}

        def graph_of(name: str) -> Any:
            if name not in graphs:
                with root.as_default():
                    graphs[name] = function_def_to_graph(definitions[name])
            return graphs[name]

        self._graph_of = graph_of
        self._callers: list[str] = []

    def run(self, graph: Any, given: Mapping[str, Any], outputs: Sequence[str]) -> list[Any]:
        """Write a graph; `given` and `outputs` are by the names of tensors."""
        values = dict(given)
        for operation in graph.get_operations():
            if operation.type in _KEPT or any(each.name in values for each in operation.outputs):
                continue
            made = self._made(operation, [values[each.name] for each in operation.inputs])
            values |= {each.name: v for each, v in zip(operation.outputs, made, strict=True)}
        return [values[name] for name in outputs]

    def _called(self, operation: Any, function: Any, arguments: Sequence[Any]) -> list[Any]:
        """Write a function that an operator calls."""
        graph = self._graph_of(function.name)
        given = {each.name: v for each, v in zip(graph.inputs, arguments, strict=True)}
        self._callers.append(operation.name)
        made = self.run(graph, given, [each.name for each in graph.outputs])
        self._callers.pop()
        return made

    def _made(self, operation: Any, inputs: list[Any]) -> list[Any]:
        """Return what an operator gives."""
        kind = operation.type
        if kind == "Const":
            from tensorflow import make_ndarray

            return [make_ndarray(operation.get_attr("value"))]
        if kind in _SAME:
            return inputs[:1]
        if kind in _CALLS:
            return self._called(operation, operation.get_attr("f"), inputs)
        if kind in _LOOPS:
            return self._turns(operation, inputs)
        if kind in _BRANCHES:
            return self._branch(operation, inputs)
        if kind in _LISTS:
            return [self._of_list(operation, inputs)]
        if inputs and all(is_known(each) for each in inputs):
            return _computed(operation, inputs)
        if kind in _OF_SHAPE and inputs[0].shape.is_fully_defined():
            return _computed(operation, [np.zeros(inputs[0].shape, inputs[0].dtype.name)])
        replace = REPLACEMENTS.get(kind)
        replaced = replace(operation, inputs) if replace is not None else None
        if replaced is None:
            return _written(operation, inputs)
        return replaced if isinstance(replaced, list) else [replaced]

    def _turns(self, operation: Any, inputs: list[Any]) -> list[Any]:
        """Write a loop turn by turn."""
        asks, turns = operation.get_attr("cond"), operation.get_attr("body")
        values = inputs
        count = 0
        while True:
            (more,) = self._called(operation, asks, values)
            if not is_known(more):
                self._refuse(operation, "turns as often as its input says")
            if not more:
                return values
            if count == MOST_TURNS:
                self._refuse(operation, f"has more than {MOST_TURNS} turns")
            values = self._called(operation, turns, values)
            count += 1

    def _branch(self, operation: Any, inputs: list[Any]) -> list[Any]:
        """Write the branch that is taken."""
        taken, *others = inputs
        if not is_known(taken):
            self._refuse(operation, "takes the way that its input says")
        if operation.type in {"If", "StatelessIf"}:
            branch = operation.get_attr("then_branch" if taken else "else_branch")
        else:
            branches = operation.get_attr("branches")
            branch = branches[int(taken) if 0 <= taken < len(branches) else -1]
        return self._called(operation, branch, others)

    def _of_list(self, operation: Any, inputs: list[Any]) -> Any:
        """Return what an operator on a list of tensors gives."""
        import tensorflow as tf

        kind = operation.type
        if kind == "TensorListReserve":
            return [None] * int(inputs[1])
        if kind == "TensorListFromTensor":
            return [inputs[0][place] for place in range(inputs[0].shape[0])]
        if kind == "TensorListLength":
            return np.asarray(len(inputs[0]), np.int32)
        if kind == "TensorListStack":
            return tf.stack(inputs[0])
        if not is_known(inputs[1]):
            self._refuse(operation, "looks where its input says")
        place = int(inputs[1])
        if kind == "TensorListGetItem":
            return inputs[0][place]
        return [*inputs[0][:place], inputs[2], *inputs[0][place + 1 :]]

    def _refuse(self, operation: Any, reason: str) -> NoReturn:
        names = [*self._callers, operation.name]
        layer = next((name for name in reversed(names) if "/" in name), names[-1])
        layer = layer.rpartition("/")[0] or layer
        raise CheckFailed(
            f"layer {printable(layer)} is a loop or a branch ({operation.type}) that {reason}",
            hint="fewer steps, by strides or pooling before the layer; a fixed length and no "
            "masks; or convolutions in place of a recurrent layer",
        )


def is_known(value: Any) -> bool:
    """Whether a value is known before the network runs."""
    return isinstance(value, np.ndarray | np.generic)


def _computed(operation: Any, inputs: list[Any]) -> list[Any]:
    """Return what an operator gives for known values, as arrays."""
    import tensorflow as tf
    from tensorflow.python.eager import context, execute

    attributes: list[Any] = []
    for each in operation.op_def.attr:
        value = operation.get_attr(each.name)
        if each.type == "shape":
            value = tf.TensorShape(value)
        attributes += [each.name, _plain(value)]
    with tf.init_scope():
        made = execute.execute(
            operation.type.encode(),
            len(operation.outputs),
            [tf.constant(each) for each in inputs],
            tuple(attributes),
            context.context(),
        )
    return [each.numpy() for each in made]


def _plain(value: Any) -> Any:
    """Return an attribute as the eager runtime takes it: types by their numbers."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return getattr(value, "as_datatype_enum", value)


def _written(operation: Any, inputs: list[Any]) -> list[Any]:
    """Write an operator as it is."""
    from tensorflow.python.framework import op_def_library

    definition = operation.op_def
    arguments = {each.name: operation.get_attr(each.name) for each in definition.attr}
    left = list(inputs)
    for each in definition.input_arg:
        if each.number_attr or each.type_list_attr:
            count = operation.get_attr(each.number_attr or each.type_list_attr)
            count = count if isinstance(count, int) else len(count)
            arguments[each.name], left = left[:count], left[count:]
        else:
            arguments[each.name] = left.pop(0)
    # What follows from the inputs is not said twice.
    for each in definition.input_arg:
        for name in (each.type_attr, each.number_attr, each.type_list_attr):
            arguments.pop(name, None)
    made = op_def_library.apply_op(operation.type, name=operation.name, **arguments)
    return list(made) if isinstance(made, list | tuple) else [made]
