"""A .keras may name Keras' own layers alone; none that runs code or reads files."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from quantize.convert.keras_archive import check_keras
from quantize.convert.keras_network import check_weights
from quantize.foundation.errors import BadInput

LIMIT = 1 << 20


def layer(kind: str, name: str = "odd", module: str = "keras.layers", **config: Any) -> Any:
    return {"module": module, "class_name": kind, "config": {"name": name, **config}}


def archive(*layers: Any, version: str = "3.15.1", **more: bytes) -> bytes:
    config = {"module": "keras", "class_name": "Sequential", "config": {"layers": list(layers)}}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("metadata.json", json.dumps({"keras_version": version}))
        written.writestr("config.json", json.dumps(config))
        written.writestr("model.weights.h5", b"\x89HDF", zipfile.ZIP_STORED)
        for name, content in more.items():
            written.writestr(name, content)
    return out.getvalue()


DENSE = layer(
    "Dense",
    kernel_initializer={"module": "keras.initializers", "class_name": "Zeros", "config": {}},
)


def test_own_layers_pass_and_the_version_says_who_loads_them() -> None:
    assert not check_keras(archive(DENSE, layer("ReLU")), limit_bytes=LIMIT)
    assert check_keras(archive(DENSE, version="2.15.0"), limit_bytes=LIMIT)


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (layer("Lambda", "double"), "layer double: Lambda is Python code in a file"),
        (layer("Dense", activation={"class_name": "__lambda__", "config": {"code": "4w"}}), "code"),
        (layer("function", module="builtins"), "is Python code"),
        (
            layer("StringLookup", "words", vocabulary="/etc/passwd"),
            "layer words: StringLookup reads",
        ),
        (layer("TFSMLayer"), "runs another library"),
        (layer("Popen", module="subprocess"), "Popen of subprocess is not Keras' own"),
        (layer("get_file", module="keras.utils"), "get_file of keras.utils is not Keras' own"),
        (layer("Mine", module=None, registered_name="acme>Mine"), "Mine of no module"),
        (layer("Bidirectional", layer=layer("Lambda", "inner")), "layer inner: Lambda"),
    ],
)
def test_code_files_and_strangers_are_refused_by_layer(odd: Any, said: str) -> None:
    odd = {**odd, "registered_name": odd["config"].pop("registered_name", None)}
    with pytest.raises(BadInput) as caught:
        check_keras(archive(DENSE, odd), limit_bytes=LIMIT)
    assert said in caught.value.message


def test_what_is_damaged_too_large_or_has_more_is_refused() -> None:
    whole = archive(DENSE)
    for data in (b"", whole[:100], archive(DENSE, bomb=bytes(2 << 20)), archive(DENSE, extra=b"x")):
        with pytest.raises(BadInput):
            check_keras(data, limit_bytes=LIMIT)
    with pytest.raises(BadInput, match="too large"):
        check_keras(whole, limit_bytes=100)


def test_a_member_that_is_not_as_it_was_is_damaged() -> None:
    whole = bytearray(archive(DENSE))
    whole[whole.index(b"\x89HDF") + 1] ^= 1
    with pytest.raises(BadInput, match=r"model\.weights\.h5 is not as it was"):
        check_keras(bytes(whole), limit_bytes=LIMIT)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_weights_are_read_or_refused(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        for name in ("dense", "conv", "batch"):
            file.create_group(f"layers/{name}/vars").create_dataset("0", data=np.zeros(3))
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    rng = np.random.default_rng(seed)
    data[rng.integers(0, len(data), 40)] = rng.integers(0, 256, 40)
    with suppress(BadInput):
        check_weights(data.tobytes())


def test_groups_that_hold_themselves_have_an_end(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("layers")
        group["itself"] = group
        for _ in range(40):
            below = group.create_group("a")
            group["b"] = below
            group = below
        group["type"] = np.dtype("f4")
    check_weights(path.read_bytes())


def test_weights_in_other_files_are_refused(tmp_path: Path) -> None:
    def weights(make: Any) -> bytes:
        path = tmp_path / "weights.h5"
        with h5py.File(path, "w") as file:
            make(file.create_group("layers/dense/vars"))
        return path.read_bytes()

    def elsewhere(group: Any) -> None:
        group["0"] = h5py.ExternalLink("/etc/passwd", "/x")

    def outside(group: Any) -> None:
        group.create_dataset("0", (4,), "u1", external=[("/etc/passwd", 0, 4)])

    check_weights(weights(lambda group: group.create_dataset("0", data=np.zeros(3))))
    for make, said in ((elsewhere, "a link to elsewhere"), (outside, "lie in another file")):
        with pytest.raises(BadInput, match=said):
            check_weights(weights(make))
    with pytest.raises(BadInput, match="damaged"):
        check_weights(b"no HDF5")
