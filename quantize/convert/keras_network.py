"""A Keras model or a SavedModel as a function with a batch of 1; in a child process."""

from __future__ import annotations

import importlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.convert.function_lookups import cut_function_lookups
from quantize.convert.layer_names import LayerValues
from quantize.convert.network_parts import FLOAT32_HINT, SourceTensor, fixed_shape, input_label
from quantize.convert.saved_model import SIGNATURE, check_saved_model
from quantize.foundation.errors import BadInput
from quantize.foundation.files import open_regular
from quantize.foundation.foreign import printable

_TAKEN = frozenset({"float32", "int8", "int16", "int32", "int64", "uint8", "uint16"})
"""float32, and what an embedding may look rows up by."""


class TensorFlowNetwork:
    """A function of TensorFlow over named inputs, with a batch of 1.

    Parameters
    ----------
    function
        Takes its inputs in order, gives its outputs in order.
    owner
        What holds its variables.
    inputs
        Names, lengths, `None` where dynamic, and dtypes. Integers that rows are looked up by are
        cut off; see `quantize.convert.function_lookups`.
    outputs
        Names.

    Raises
    ------
    BadInput
        When an axis besides the batch is dynamic, or an input is not float32.
    """

    def __init__(
        self,
        function: Any,
        owner: Any,
        inputs: Sequence[tuple[str, Sequence[int | None], str]],
        outputs: Sequence[str],
    ) -> None:
        import tensorflow as tf

        given = [(name, fixed_shape(name, sizes), kind) for name, sizes, kind in inputs]
        for name, _, kind in given:
            if kind not in _TAKEN:
                raise _untaken(name, kind)
        spec = [
            tf.TensorSpec(shape, kind, input_label(place))
            for place, (_, shape, kind) in enumerate(given)
        ]
        cut = cut_function_lookups(function, spec)
        for place, (name, _, kind) in enumerate(given):
            if kind != "float32" and place not in cut.tables:
                raise _untaken(name, kind)
        self.inputs = tuple(
            SourceTensor(name, cut.shapes[place], cut.tables.get(place))
            for place, (name, _, _) in enumerate(given)
        )
        self.outputs = tuple(outputs)
        self._function = cut.call
        self._owner = owner  # its variables live as long as it does

    def outputs_of(self, samples: Iterator[list[NDArray[np.float32]]]) -> Iterator[list[Any]]:
        """Yield what the network gives for each sample, by TensorFlow in float."""
        import tensorflow as tf

        function, spec, _ = self.build()
        traced = tf.function(function, input_signature=spec)
        for sample in samples:
            yield [np.asarray(each) for each in traced(*map(tf.constant, sample))]

    def build(self) -> tuple[Any, list[Any], Any]:
        """Return the function and its inputs; its variables become constants."""
        import tensorflow as tf

        spec = [
            tf.TensorSpec(each.shape, tf.float32, input_label(place))
            for place, each in enumerate(self.inputs)
        ]
        return self._function, spec, None

    def other_way(self) -> bool:
        """Say that there is none."""
        return False

    def layers_by_kind(self) -> dict[str, str]:
        """Return nothing: operators keep the names of their layers here."""
        return {}

    def layer_values(self, sample: Sequence[NDArray[np.float32]]) -> list[LayerValues]:
        """Return nothing: tensors keep the names of their layers here."""
        del sample
        return []


def open_keras(path: Path, *, legacy: bool) -> TensorFlowNetwork:
    """Load a .keras that `check_keras` has looked at.

    Raises
    ------
    BadInput
        When Keras cannot build it.
    """
    library = importlib.import_module("tf_keras" if legacy else "keras")
    with open_regular(path) as handle, zipfile.ZipFile(handle) as archive:
        check_weights(archive.read("model.weights.h5"))
    try:
        model = library.models.load_model(str(path), compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its layers raise
        raise BadInput(
            f"Keras cannot load the network: {printable(str(error), limit=300)}",
            hint="save it with model.save('model.keras'), of Keras' own layers",
        ) from error
    for weights in model.weights:
        if not np.isfinite(np.asarray(weights)).all():
            raise BadInput(
                f"the weights of {printable(weights.path if not legacy else weights.name)} hold "
                "NaN or infinity",
                hint="the training diverged; use an earlier epoch",
            )

    def run(*values: Any) -> list[Any]:
        given = model(values[0] if len(values) == 1 else list(values), training=False)
        return _flat(given)

    inputs = [
        (each.name.partition(":")[0], tuple(each.shape), _kind(each)) for each in model.inputs
    ]
    names = getattr(model, "output_names", None) or []
    if len(names) != len(model.outputs):
        names = [f"output_{place}" for place in range(len(model.outputs))]
    return TensorFlowNetwork(run, model, inputs, names)


def open_saved_model(folder: Path, *, limit_bytes: int) -> TensorFlowNetwork:
    """Load a SavedModel once it is known to run nothing of its own.

    Raises
    ------
    BadInput, CheckFailed
        As `check_saved_model`; when TensorFlow cannot load it.
    """
    check_saved_model(folder, limit_bytes=limit_bytes)
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(folder))
        serve = loaded.signatures[SIGNATURE]
    except Exception as error:  # its own error types are not public
        raise BadInput(
            f"TensorFlow cannot load the SavedModel: {printable(str(error), limit=300)}",
            hint="check that its folder is whole",
        ) from error
    named = serve.structured_input_signature[1]
    order = sorted(named)
    outputs = sorted(serve.structured_outputs)

    def run(*values: Any) -> list[Any]:
        given = serve(**dict(zip(order, values, strict=True)))
        return [given[name] for name in outputs]

    inputs = [(name, _lengths(named[name]), _kind(named[name])) for name in order]
    return TensorFlowNetwork(run, loaded, inputs, outputs)


def _untaken(name: str, kind: str) -> BadInput:
    return BadInput(
        f"input {printable(name)} takes {printable(kind)}, and only float32 is quantised",
        hint=FLOAT32_HINT,
    )


def check_weights(data: bytes) -> None:
    """Refuse the weights of a .keras that HDF5 would take from other files.

    Raises
    ------
    BadInput
        Naming them; when they are damaged.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            _check_group(file, h5py)
    except BadInput:
        raise
    except Exception as error:  # damage has errors of many types in h5py
        raise BadInput("the weights in the .keras are damaged", hint="save it anew") from error


def _check_group(root: Any, library: Any) -> None:
    """Look at everything once, however many names it has: groups may hold themselves."""
    groups, seen = [root], set()
    while groups:
        group = groups.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, library.HardLink):
                raise BadInput(
                    f"the weights {printable(name)} are a link to elsewhere", hint="save it anew"
                )
            each = group[name]
            place = library.h5o.get_info(each.id).addr
            if place in seen:
                continue
            seen.add(place)
            if isinstance(each, library.Group):
                groups.append(each)
            elif isinstance(each, library.Dataset) and (each.external or each.is_virtual):
                raise BadInput(
                    f"the weights {printable(name)} lie in another file", hint="save it anew"
                )


def _lengths(spec: Any) -> tuple[int | None, ...]:
    if spec.shape.rank is None:
        raise BadInput(
            f"input {printable(spec.name)} has no shape", hint="save the network with fixed shapes"
        )
    return tuple(spec.shape.as_list())


def _kind(tensor: Any) -> str:
    return str(getattr(tensor.dtype, "name", tensor.dtype))


def _flat(given: Any) -> list[Any]:
    if isinstance(given, dict):
        return [given[name] for name in given]
    return list(given) if isinstance(given, list | tuple) else [given]
