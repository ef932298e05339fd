"""Weights of an encoder: one content in three layouts, and nothing else is believed."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from encoders import (
    Tensors,
    as_kind,
    ctranslate2_bytes,
    ctranslate2_tensors,
    hugging_face_bytes,
    openai_bytes,
    safetensors_bytes,
    small_encoder,
    whole_ctranslate2,
)

from edgeser.teacher.weights import read_encoder
from quantize.foundation.errors import BadInput


def written(folder: Path, data: bytes) -> Path:
    path = folder / "weights"
    path.write_bytes(data)
    return path


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read_encoder(written(folder, data))
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return str(caught.value)


LAYOUTS: dict[str, Callable[[Tensors], bytes]] = {
    "OpenAI's names": openai_bytes,
    "OpenAI's names of an encoder alone": safetensors_bytes,
    "Hugging Face, float16": hugging_face_bytes,
    "Hugging Face, float32": lambda t: hugging_face_bytes(t, kind="float32"),
    "CTranslate2, float16": whole_ctranslate2,
    "CTranslate2, float32": lambda t: whole_ctranslate2(t, "float32"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_the_same_weights(layout: str, tmp_path: Path) -> None:
    tensors = small_encoder()
    data = LAYOUTS[layout](tensors)
    found = read_encoder(written(tmp_path, data))
    assert set(found.tensors) == set(tensors)
    for name, values in tensors.items():
        np.testing.assert_array_equal(found.tensors[name], values, err_msg=name)
        assert found.tensors[name].dtype == np.float32
    assert (found.width, found.blocks, found.frames) == (64, 2, 100)
    assert found.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("layout", [whole_ctranslate2, hugging_face_bytes])
def test_bfloat16_is_the_upper_half_of_float32(
    layout: Callable[..., bytes], tmp_path: Path
) -> None:
    tensors = small_encoder()
    kind = {"kind": "bfloat16"}
    found = read_encoder(written(tmp_path, layout(tensors, **kind)))
    for name, values in tensors.items():
        upper = (as_kind(values, "bfloat16").astype(np.uint32) << 16).view(np.float32)
        np.testing.assert_array_equal(found.tensors[name], upper, err_msg=name)


@pytest.mark.parametrize("version", [4, 5, 6])
def test_versions_of_ctranslate2(version: int, tmp_path: Path) -> None:
    tensors = small_encoder(blocks=1)
    data = ctranslate2_bytes(ctranslate2_tensors(tensors), version=version)
    assert read_encoder(written(tmp_path, data)).blocks == 1


class _Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("bomb",)


def test_a_pickle_is_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bare = pickle.dumps(_Bomb())
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", bare)
    for data in (bare, zipped.getvalue()):
        assert "pickle" in refusal(tmp_path, data)
    assert not (tmp_path / "bomb").exists()


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    good = small_encoder()

    def changed(name: str, values: np.ndarray | None) -> bytes:
        rest = {key: value for key, value in good.items() if key != name}
        return safetensors_bytes(rest if values is None else {**rest, name: values})

    assert "holds no encoder" in refusal(
        tmp_path, safetensors_bytes({"x": np.zeros(2, np.float32)})
    )
    assert "128 mel bands" in refusal(
        tmp_path, changed("conv1.weight", np.zeros((64, 128, 3), np.float32))
    )
    assert "width 65" in refusal(
        tmp_path, changed("conv1.weight", np.zeros((65, 80, 3), np.float32))
    )
    assert "lacks 'conv2.bias'" in refusal(tmp_path, changed("conv2.bias", None))
    assert "'ln_post.bias' is [3], not [64]" in refusal(
        tmp_path, changed("ln_post.bias", np.zeros(3, np.float32))
    )
    for value in (np.nan, np.inf, 1e9):
        wrong = np.full(64, value, np.float32)
        assert "no weights" in refusal(tmp_path, changed("ln_post.bias", wrong))
    assert "'blocks.0.more'" in refusal(tmp_path, changed("blocks.0.more", np.zeros(1, np.float32)))
    assert "floating-point" in refusal(tmp_path, changed("ln_post.bias", np.zeros(64, np.int8)))
    many = {f"blocks.{n}.attn_ln.bias": np.zeros(64, np.float32) for n in range(2, 40)}
    assert "40 blocks" in refusal(tmp_path, safetensors_bytes({**good, **many}))


def test_keys_with_a_bias_are_not_whispers(tmp_path: Path) -> None:
    named = ctranslate2_tensors(small_encoder())
    named["encoder/layer_0/self_attention/linear_0/bias"] = np.ones(192, np.float32)
    assert "bias" in refusal(tmp_path, ctranslate2_bytes(named))
    named["encoder/layer_0/self_attention/linear_0/bias"] = np.ones(191, np.float32)
    assert "191 rows" in refusal(tmp_path, ctranslate2_bytes(named))


def test_a_quantised_encoder_is_refused_a_quantised_decoder_is_not(tmp_path: Path) -> None:
    named = ctranslate2_tensors(small_encoder())
    beside = {**named, "decoder/x": np.zeros((2, 2), np.int8)}
    assert read_encoder(written(tmp_path, ctranslate2_bytes(beside))).blocks == 2
    named["encoder/conv1/weight"] = np.zeros((64, 80, 3), np.int8)
    assert "quantised" in refusal(tmp_path, ctranslate2_bytes(named))


def test_a_lying_model_bin_is_refused(tmp_path: Path) -> None:
    whole = whole_ctranslate2(small_encoder(blocks=1))
    for end in (3, 5, 20, 60, 200, len(whole) // 2, len(whole) - 5000):
        refusal(tmp_path, whole[:end])
    head = struct.pack("<I", 6) + struct.pack("<H", 2) + b"x\0" + struct.pack("<I", 3)
    one = struct.pack("<H", 2) + b"a\0"
    assert "claims" in refusal(tmp_path, head + struct.pack("<I", 2**32 - 1))
    lies = {
        "255 dimensions": one + b"\xff",
        "unknown type 9": one + struct.pack("<BIBI", 1, 1, 9, 1) + b"x",
        "bytes for": one + struct.pack("<BIBI", 1, 2**31, 0, 4) + b"1234",
        "too early": one + struct.pack("<BIBI", 1, 2**28, 0, 2**30) + b"1234",
    }
    for said, tensor in lies.items():
        assert said in refusal(tmp_path, head + struct.pack("<I", 1) + tensor)
    twice = ctranslate2_bytes({"encoder/a": np.zeros(2, np.float32)})
    body = twice[twice.index(b"\x0a\0encoder/a") : -4]
    assert "twice" in refusal(tmp_path, head + struct.pack("<I", 2) + 2 * body)
    strange = ctranslate2_bytes({"encoder/\x1b[2Jname": np.zeros(2, np.float32)})
    assert "\x1b" not in refusal(tmp_path, strange)


def test_a_lying_safetensors_is_refused(tmp_path: Path) -> None:
    whole = openai_bytes(small_encoder(blocks=1))
    for data in (
        b"",
        b"\0" * 8,
        whole[:7],
        whole[:100],
        whole[:-1],
        struct.pack("<Q", 2**60) + whole[8:],
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 4) + b"\xff\xff\xff\xff",
        b"version https://git-lfs.github.com/spec/v1\n",
    ):
        refusal(tmp_path, data)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", ".", "nowhere"):
        with pytest.raises(BadInput, match="cannot read"):
            read_encoder(tmp_path / name)


def test_an_endless_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as handle:
        handle.truncate(2 << 30)
    with pytest.raises(BadInput, match="larger than"):
        read_encoder(path)
