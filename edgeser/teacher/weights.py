"""Weights of Whisper's encoder from a file that is not ours: bounded, checked, never unpickled."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.teacher.ctranslate2 import looks_like_ctranslate2, read_ctranslate2
from edgeser.teacher.layouts import Tensors, from_ctranslate2, from_hugging_face
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable

MELS = 80
HEAD_WIDTH = 64
"""Of attention, in every Whisper model: a model of width 512 has 8 heads."""
_LIMIT_BYTES = 1 << 30
_MOST_BLOCKS = 32
_WIDEST = 1280
_LONGEST = 1500
_LARGEST_VALUE = 1e4
_LAYOUTS = "give safetensors (OpenAI's or Hugging Face's names) or CTranslate2's model.bin"


@dataclass(frozen=True, slots=True, eq=False)
class EncoderWeights:
    """What Whisper's encoder is made of.

    Parameters
    ----------
    tensors
        float32, by OpenAI's names without ``encoder.``.
    sha256
        Of the file, 64 hexadecimal digits.
    """

    tensors: Tensors
    sha256: str

    @property
    def width(self) -> int:
        """Values of a frame."""
        return int(self.tensors["conv1.weight"].shape[0])

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return sum(name.endswith(".attn_ln.weight") for name in self.tensors)

    @property
    def frames(self) -> int:
        """The most frames that it knows places of, 20 ms each."""
        return int(self.tensors["positional_embedding"].shape[0])


def read_encoder(path: Path) -> EncoderWeights:
    """Read the encoder of a Whisper model: tiny, base or small, whichever layout.

    Raises
    ------
    BadInput
        When the file is missing, damaged, larger than 1 GiB, a pickle, or of another model.
    """
    data = read_bounded(path, limit_bytes=_LIMIT_BYTES)
    if data.startswith((b"PK\x03\x04", b"\x80")):
        raise BadInput(
            f"cannot use {path}: it is a pickle, as PyTorch saves it, and may run code when it is "
            "read",
            hint="save its tensors by safetensors.torch.save_file",
        )
    try:
        tensors = _tensors(data)
        require_encoder(tensors)
    except (ValueError, OverflowError) as error:
        raise BadInput(
            f"cannot use {path} as weights of Whisper's encoder: {error}",
            hint=_LAYOUTS,
        ) from error
    return EncoderWeights(tensors, hashlib.sha256(data).hexdigest())


def _tensors(data: bytes) -> Tensors:
    if looks_like_ctranslate2(data):
        return from_ctranslate2(read_ctranslate2(data, prefix="encoder/"))
    return _from_safetensors(data)


def _from_safetensors(data: bytes) -> Tensors:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        loaded = load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError, OverflowError) as error:
        raise ValueError(
            f"it is neither safetensors nor CTranslate2 ({printable(str(error))})"
        ) from error
    for prefix in ("model.encoder.", "encoder.", ""):
        found = {n.removeprefix(prefix): t for n, t in loaded.items() if n.startswith(prefix)}
        if "conv1.weight" in found:
            break
    else:
        raise ValueError("it holds no encoder")
    wrong = [name for name, tensor in found.items() if not tensor.dtype.is_floating_point]
    if wrong:
        raise ValueError(f"'{printable(wrong[0])}' is not of floating-point numbers")
    plain = {name: np.asarray(t.to(torch.float32).numpy()) for name, t in found.items()}
    plain = {name: values for name, values in plain.items() if not name.startswith("decoder.")}
    return from_hugging_face(plain) if "embed_positions.weight" in plain else plain


def require_encoder(tensors: Tensors) -> None:
    """Refuse tensors that are not an encoder's of Whisper.

    Raises
    ------
    ValueError
        Naming what is missing, too much or of another shape.
    """
    stem = tensors.get("conv1.weight")
    if stem is None or stem.ndim != 3:
        raise ValueError("it holds no encoder")
    width, mels, _ = stem.shape
    if mels != MELS:
        raise ValueError(f"it hears {mels} mel bands; only models of {MELS} can be used")
    if not 0 < width <= _WIDEST or width % HEAD_WIDTH:
        raise ValueError(f"its width {width} is no multiple of {HEAD_WIDTH} up to {_WIDEST}")
    blocks = {name.split(".")[1] for name in tensors if name.startswith("blocks.")}
    if not 1 <= len(blocks) <= _MOST_BLOCKS:
        raise ValueError(f"it has {len(blocks)} blocks")
    positions = tensors.get("positional_embedding", np.zeros((0, 0), np.float32))
    if positions.ndim != 2 or not 1 <= len(positions) <= _LONGEST:
        raise ValueError(f"it has positions {list(positions.shape)}")
    expected = _shapes(width, len(blocks), len(positions))
    for name, shape in expected.items():
        if name not in tensors:
            raise ValueError(f"it lacks '{name}'")
        if tensors[name].shape != shape:
            raise ValueError(f"'{name}' is {list(tensors[name].shape)}, not {list(shape)}")
        _require_sane(name, tensors[name])
    more = sorted(set(tensors) - set(expected))
    if more:
        raise ValueError(f"its encoder has a tensor '{printable(more[0])}', Whisper's has none")


def _require_sane(name: str, values: NDArray[np.float32]) -> None:
    if not np.all(np.abs(values) <= _LARGEST_VALUE):  # NaN too
        raise ValueError(f"'{name}' has values that are no weights")


def _shapes(width: int, blocks: int, positions: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "conv1.weight": (width, MELS, 3),
        "conv1.bias": (width,),
        "conv2.weight": (width, width, 3),
        "conv2.bias": (width,),
        "positional_embedding": (positions, width),
        "ln_post.weight": (width,),
        "ln_post.bias": (width,),
    }
    for number in range(blocks):
        block = f"blocks.{number}"
        for part in ("query", "key", "value", "out"):
            shapes[f"{block}.attn.{part}.weight"] = (width, width)
            if part != "key":
                shapes[f"{block}.attn.{part}.bias"] = (width,)
        shapes[f"{block}.mlp.0.weight"], shapes[f"{block}.mlp.0.bias"] = (
            (4 * width, width),
            (4 * width,),
        )
        shapes[f"{block}.mlp.2.weight"], shapes[f"{block}.mlp.2.bias"] = (
            (width, 4 * width),
            (width,),
        )
        for norm in ("attn_ln", "mlp_ln"):
            shapes[f"{block}.{norm}.weight"] = shapes[f"{block}.{norm}.bias"] = (width,)
    return shapes
