"""The weights of an ONNX graph that is not ours: in it, or in files that lie beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.foundation.files import is_lfs_pointer, read_bounded
from quantize.foundation.foreign import printable

_ONE_FILE = "or save the network in one file: onnx.save(model, path, save_as_external_data=False)"


def with_weights_inside(model: Any, folder: Path | None, *, limit_bytes: int) -> None:
    """Take weights that lie in other files into the graph.

    PyTorch's exporter writes them so since 2.9, and all exporters do so with large networks.

    Parameters
    ----------
    model
        The graph.
    folder
        Where it was given: its weights may lie there and nowhere else. `None` where they may not.
    limit_bytes
        Of all those files together, and of all weights that are taken from them.

    Raises
    ------
    BadInput
        When a file is missing, a link or in another folder, or does not hold what is said of it;
        when the weights are too large.
    """
    files: dict[str, bytes] = {}
    taken = 0
    for tensor in _tensors(model.graph):
        if not _is_elsewhere(tensor):
            continue
        said = {each.key: each.value for each in tensor.external_data}
        name = said.get("location", "")
        if name not in files:
            left = limit_bytes - sum(map(len, files.values()))
            files[name] = _read(tensor, name, folder, left)
        start, length = _span(tensor, said, len(files[name]))
        taken += length  # many tensors may name the same bytes of one file
        if taken > limit_bytes:
            raise BadInput(
                f"the weights of the network are larger than {limit_bytes:,} bytes: too many "
                f"tensors, {printable(tensor.name)} among them, name the same bytes",
                hint="export the network again, each of its weights once",
            )
        tensor.raw_data = files[name][start : start + length]
        tensor.ClearField("external_data")
        tensor.ClearField("data_location")


def check_weights(graph: Any) -> None:
    """Refuse weights that are sparse, damaged, NaN or infinite.

    Raises
    ------
    BadInput
        Naming them.
    """
    sparse = [each.values.name for each in graph.sparse_initializer]
    for node in graph.node:
        sparse += [node.output[0] for a in node.attribute if a.HasField("sparse_tensor")]
    if sparse:
        raise BadInput(
            f"the weights {printable(sparse[0])} are sparse, which onnx2tf does not read",
            hint="save them as dense tensors",
        )
    for each in graph.initializer:
        values = _values_of(each)
        broken = values.dtype.kind == "f" and not np.isfinite(values.astype(np.float64)).all()
        # A single infinity is the end of a clip that has none.
        if broken and (values.size > 1 or np.isnan(values).any()):
            raise BadInput(
                f"the weights {printable(each.name)} hold NaN or infinity",
                hint="the training diverged; use an earlier epoch",
            )
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                _values_of(attribute.t)


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _is_elsewhere(tensor: Any) -> bool:
    from onnx import TensorProto

    return bool(tensor.data_location == TensorProto.EXTERNAL or tensor.external_data)


def _read(tensor: Any, name: str, folder: Path | None, limit_bytes: int) -> bytes:
    shown = f"the weights {printable(tensor.name)} lie in {printable(name) or 'no file'}"
    # Another folder's files, and what a link leads to, are not a stranger's to read.
    if folder is None or not name or name in (".", "..") or "\0" in name or {*name} & {*"/\\"}:
        raise BadInput(
            f"{shown}, and only files beside the network are read",
            hint=f"put it there under a plain name, {_ONE_FILE}",
        )
    path = folder / name
    try:
        is_link, is_there = path.is_symlink(), path.exists()
    except OSError:  # such a name no file can have
        is_link = is_there = False
    if is_link:
        raise BadInput(f"{shown}, which is a link", hint="copy the file that it leads to there")
    if not is_there:
        raise BadInput(
            f"{shown}, which is not beside the network", hint=f"put it there, {_ONE_FILE}"
        )
    data = read_bounded(path, limit_bytes=limit_bytes)
    if is_lfs_pointer(data):
        raise BadInput(
            f"{shown}, which is a Git-LFS pointer", hint="run 'git lfs pull' in its folder"
        )
    return data


def _span(tensor: Any, said: dict[str, str], size: int) -> tuple[int, int]:
    """Return where in a file of so many bytes a tensor begins, and how long it is."""
    start, length = _number(said.get("offset", "0")), _number(said.get("length", ""))
    if start is not None and length is None and "length" not in said:
        length = size - start
    if start is None or length is None or length < 0 or start + length > size:
        raise BadInput(
            f"the weights {printable(tensor.name)} end beyond "
            f"{printable(said.get('location', ''))}, which has {size:,} bytes",
            hint="check that both files are whole and of one export",
        )
    return start, length


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _values_of(tensor: Any) -> NDArray[Any]:
    """Return a tensor's values, or refuse one that is damaged."""
    from onnx import numpy_helper

    try:
        values: NDArray[Any] = numpy_helper.to_array(tensor)
    except Exception as error:  # what is wrong with a tensor, ONNX says in many classes
        raise BadInput(
            f"the weights {printable(tensor.name)} are damaged: {printable(str(error))}",
            hint="export the network again",
        ) from error
    return values
