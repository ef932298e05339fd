"""Read a .tflite file into `Model`, refusing whatever is not one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from quantize.foundation.errors import BadInput
from quantize.foundation.files import is_lfs_pointer, read_bounded
from quantize.foundation.foreign import printable
from quantize.tflite.flatbuffer import FlatBuffer, FlatbufferError
from quantize.tflite.model import Model
from quantize.tflite.oddities import find_oddities
from quantize.tflite.parts import parse_model
from quantize.tflite.unread import find_unread
from quantize.tflite.verify import find_problems

IDENTIFIER = b"TFL3"
MAX_FILE_BYTES = 256 << 20
_HINT = "give a .tflite file as the converter wrote it; copy or convert it again"


def read_model(source: str | os.PathLike[str] | bytes, *, name: str = "") -> Model:
    """Read and verify a .tflite model.

    There are three answers. A damaged file is refused, and so is one that is whole but holds
    something that is not read here (`Model.unread`); what is odd yet usable is read, and said in
    `Model.oddities`.

    Parameters
    ----------
    source
        A path, or the file's bytes.
    name
        What messages call it; the path by default, ``"the model"`` for bytes.

    Returns
    -------
    Model
        Every index in it is in range, every constant fits its shape, and operators come after
        those whose results they read.

    Raises
    ------
    BadInput
        When the file cannot be read, is not a .tflite file, is damaged or breaks a rule of
        `quantize.tflite.verify`, or is not read here; the message names file, place and reason.
    """
    model = examine_model(source, name=name)
    for unread in model.unread:
        lead = "is sound, but edgeser does not read it" if unread.sound else "cannot be used"
        more = f"; and {len(model.unread) - 1} more" if len(model.unread) > 1 else ""
        raise BadInput(f"{model.source} {lead}: {unread}{more}", hint=unread.advice)
    return model


def examine_model(source: str | os.PathLike[str] | bytes, *, name: str = "") -> Model:
    """Read a model to be looked at: as `read_model`, but what is not read here is let through.

    Where `Model.unread` says something, constants need not be of their tensor's shape.

    Raises
    ------
    BadInput
        When the file cannot be read, is not a .tflite file or is damaged.
    """
    if isinstance(source, bytes):
        data, name = source, name or "the model"
    else:
        path = Path(source)
        data, name = read_bounded(path, limit_bytes=MAX_FILE_BYTES), name or str(path)
    if len(data) > MAX_FILE_BYTES:
        raise BadInput(f"{name} is larger than {MAX_FILE_BYTES} bytes", hint=_HINT)
    _refuse_other_kinds(data, name)
    try:
        model = parse_model(FlatBuffer(data), name)
    except FlatbufferError as error:
        raise BadInput(f"{name} is a damaged .tflite file: {error}", hint=_HINT) from error
    for problem in find_problems(model):
        raise BadInput(f"{name} is a damaged .tflite file: {problem}", hint=_HINT)
    return replace(
        model,
        unread=(*model.unread, *find_unread(model)),
        oddities=(*model.oddities, *find_oddities(model)),
    )


def _refuse_other_kinds(data: bytes, name: str) -> None:
    if not data:
        raise BadInput(f"{name} is empty", hint=_HINT)
    if is_lfs_pointer(data):
        raise BadInput(
            f"{name} is a pointer of Git LFS, not the model itself", hint="run git lfs pull"
        )
    mark = data[4:8]
    if mark == IDENTIFIER:
        return
    if mark[:3] == IDENTIFIER[:3]:
        raise BadInput(
            f"{name} is of another schema, {printable(mark)!r}, where TFL3 is read",
            hint="convert it with TensorFlow 2",
        )
    raise BadInput(f"{name} is not a .tflite file: it lacks the mark TFL3", hint=_HINT)
