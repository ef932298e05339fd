"""A .keras file that is not ours: a zip whose every part is looked at before Keras loads it.

Keras builds what its configuration names: any layer, any function of any module. Here a
configuration may name Keras' own layers alone, and none that runs code or reads files.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable
from quantize.foundation.zips import ZIP_ERRORS, open_zip

_LIMIT_CONFIG_BYTES = 16 << 20
_MEMBERS = frozenset({"metadata.json", "config.json", "model.weights.h5"})
_SAVE = "save it with model.save('model.keras')"
_ROOMS = frozenset(
    {"activations", "constraints", "dtype_policies", "initializers", "layers", "losses", "metrics",
     "models", "optimizers", "ops", "regularizers"}
)  # fmt: skip
_RUN_CODE = frozenset({"Lambda", "__lambda__", "function"})
_READ_FILES = frozenset(
    {"StringLookup", "IntegerLookup", "TextVectorization", "TorchModuleWrapper", "TFSMLayer",
     "JaxLayer", "FlaxLayer", "Hashing", "HashedCrossing"}
)  # fmt: skip


def check_keras(data: bytes, *, limit_bytes: int) -> bool:
    """Refuse a .keras that would run code or read files.

    Returns
    -------
    Whether it is of Keras 2, which is loaded by `tf_keras`.

    Raises
    ------
    BadInput
        When it is damaged or too large, has a Lambda layer, layers that are not Keras' own, or
        those that read files.
    """
    try:
        with open_zip(io.BytesIO(data)) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if odd := set(sizes) ^ _MEMBERS:
                raise BadInput(
                    f"the .keras lacks or holds beside a network: {printable(min(odd))}", hint=_SAVE
                )
            if sum(sizes.values()) > limit_bytes or sizes["config.json"] > _LIMIT_CONFIG_BYTES:
                raise BadInput("the .keras is too large", hint=f"{limit_bytes:,} bytes are allowed")
            if damaged := archive.testzip():
                raise BadInput(f"the .keras is damaged: {damaged} is not as it was", hint=_SAVE)
            metadata = json.loads(archive.read("metadata.json"))
            config = json.loads(archive.read("config.json"))
        for where, module, kind in _named(config, ""):
            _check_kind(where, module, kind)
        return str(metadata["keras_version"]).startswith("2.")
    except ZIP_ERRORS as error:
        raise BadInput(f"not a readable .keras: {printable(str(error))}", hint=_SAVE) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("the .keras has no readable configuration", hint=_SAVE) from error


def _check_kind(where: str, module: str, kind: str) -> None:
    shown = f"layer {printable(where)}: {printable(kind)}" if where else printable(kind)
    if kind in _RUN_CODE or module == "builtins":
        raise BadInput(
            f"{shown} is Python code in a file, which is not run",
            hint="write it as layers of Keras, such as Rescaling or Multiply",
        )
    if kind in _READ_FILES:
        raise BadInput(
            f"{shown} reads files or runs another library, which is not done here",
            hint="save the network without it",
        )
    parts = module.split(".")
    rooms = [part for part in parts if part not in {"src", "engine", "keras", "tf_keras"}]
    if parts[0] not in {"keras", "tf_keras"} or (rooms and rooms[0] not in _ROOMS):
        raise BadInput(
            f"{shown} of {printable(module or 'no module')} is not Keras' own",
            hint="write it as layers of Keras, or export the network to ONNX",
        )


def _named(value: Any, where: str) -> Iterator[tuple[str, str, str]]:
    """Yield layer, module and class of all that a configuration has Keras build."""
    if isinstance(value, list):
        for each in value:
            yield from _named(each, where)
    elif isinstance(value, dict):
        config = value.get("config")
        if "class_name" in value:
            kind = str(value["class_name"])
            if isinstance(config, dict) and kind not in {"DTypePolicy"}:
                where = str(config.get("name") or where)
            # What a layer computes on in place of an input is written without a module.
            bare = kind in {"__keras_tensor__", "__tensor__", "__numpy__", "__tuple__", "__slice__"}
            if not bare:
                yield where, str(value.get("module") or _module_of(value)), kind
        for each in value.values():
            yield from _named(each, where)


def _module_of(value: dict[str, Any]) -> str:
    """Return the module of what names none: Keras 2 looks such a class up among its layers."""
    return "" if value.get("registered_name") else "keras.layers"
