"""What the weights of Whisper's encoder are called, in the three layouts that they come in.

Ours are OpenAI's names. Hugging Face has others for the same tensors; CTranslate2 keeps query, key
and value in one, with a bias of zeros for the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.foreign import printable

Tensors = dict[str, NDArray[np.float32]]

_HUGGING_FACE = {
    "embed_positions.weight": "positional_embedding",
    "layer_norm.weight": "ln_post.weight",
    "layer_norm.bias": "ln_post.bias",
}
_HUGGING_FACE_BLOCK = {
    "self_attn.q_proj": "attn.query",
    "self_attn.k_proj": "attn.key",
    "self_attn.v_proj": "attn.value",
    "self_attn.out_proj": "attn.out",
    "self_attn_layer_norm": "attn_ln",
    "fc1": "mlp.0",
    "fc2": "mlp.2",
    "final_layer_norm": "mlp_ln",
}
_CTRANSLATE2 = {
    "position_encodings/encodings": "positional_embedding",
    "layer_norm/gamma": "ln_post.weight",
    "layer_norm/beta": "ln_post.bias",
    "conv1/weight": "conv1.weight",
    "conv1/bias": "conv1.bias",
    "conv2/weight": "conv2.weight",
    "conv2/bias": "conv2.bias",
}
_CTRANSLATE2_BLOCK = {
    "self_attention/layer_norm/gamma": "attn_ln.weight",
    "self_attention/layer_norm/beta": "attn_ln.bias",
    "self_attention/linear_1/weight": "attn.out.weight",
    "self_attention/linear_1/bias": "attn.out.bias",
    "ffn/layer_norm/gamma": "mlp_ln.weight",
    "ffn/layer_norm/beta": "mlp_ln.bias",
    "ffn/linear_0/weight": "mlp.0.weight",
    "ffn/linear_0/bias": "mlp.0.bias",
    "ffn/linear_1/weight": "mlp.2.weight",
    "ffn/linear_1/bias": "mlp.2.bias",
}
_FUSED = re.compile(r"layer_(\d+)/self_attention/linear_0/(weight|bias)")
_PARTS = ("query", "key", "value")


def from_hugging_face(tensors: Mapping[str, NDArray[np.float32]]) -> Tensors:
    """Return the encoder's tensors by our names; `tensors` are named from ``encoder.`` on."""
    found: Tensors = {}
    for name, values in tensors.items():
        block = re.fullmatch(r"layers\.(\d+)\.(.+)\.(weight|bias)", name)
        if block and block[2] in _HUGGING_FACE_BLOCK:
            found[f"blocks.{block[1]}.{_HUGGING_FACE_BLOCK[block[2]]}.{block[3]}"] = values
        else:
            found[_HUGGING_FACE.get(name, name)] = values
    return found


def from_ctranslate2(tensors: Mapping[str, NDArray[np.float32]]) -> Tensors:
    """Return the encoder's tensors by our names; `tensors` are named from ``encoder/`` on.

    Raises
    ------
    ValueError
        When one has no place, or query, key and value are not three alike.
    """
    found: Tensors = {}
    for name, values in tensors.items():
        fused = _FUSED.fullmatch(name)
        block = re.fullmatch(r"layer_(\d+)/(.+)", name)
        if fused:
            found |= _unfused(f"blocks.{fused[1]}.attn", fused[2], values)
        elif name in _CTRANSLATE2:
            found[_CTRANSLATE2[name]] = values
        elif block and block[2] in _CTRANSLATE2_BLOCK:
            found[f"blocks.{block[1]}.{_CTRANSLATE2_BLOCK[block[2]]}"] = values
        else:
            raise ValueError(f"its encoder has a tensor '{printable(name)}', Whisper's has none")
    return found


def _unfused(attention: str, kind: str, values: NDArray[np.float32]) -> Tensors:
    if len(values) % len(_PARTS):
        raise ValueError(f"query, key and value together have {len(values)} rows")
    parts = dict(zip(_PARTS, np.split(values, len(_PARTS)), strict=True))
    if kind == "bias" and np.any(parts.pop("key")):
        raise ValueError("its keys have a bias, Whisper's have none")
    return {f"{attention}.{part}.{kind}": rows for part, rows in parts.items()}
