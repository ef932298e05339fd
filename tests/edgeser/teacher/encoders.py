"""Small encoders of random weights, written in each layout by hand."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

import numpy as np

Tensors = dict[str, np.ndarray]
_BLOCK = {
    "attn.query": "self_attn.q_proj",
    "attn.key": "self_attn.k_proj",
    "attn.value": "self_attn.v_proj",
    "attn.out": "self_attn.out_proj",
    "attn_ln": "self_attn_layer_norm",
    "mlp.0": "fc1",
    "mlp.2": "fc2",
    "mlp_ln": "final_layer_norm",
}


def small_encoder(*, width: int = 64, blocks: int = 2, frames: int = 100, seed: int = 0) -> Tensors:
    """Return float32 tensors by OpenAI's names; each value is one of float16's."""
    rng = np.random.default_rng(seed)
    found: Tensors = {}

    def draw(name: str, *shape: int, scale: float = 0.1) -> None:
        found[name] = rng.normal(0.0, scale, shape).astype(np.float16).astype(np.float32)

    draw("conv1.weight", width, 80, 3)
    draw("conv1.bias", width)
    draw("conv2.weight", width, width, 3)
    draw("conv2.bias", width)
    draw("positional_embedding", frames, width)
    for number in range(blocks):
        block = f"blocks.{number}"
        for part in ("query", "key", "value", "out"):
            draw(f"{block}.attn.{part}.weight", width, width, scale=0.2)
            if part != "key":
                draw(f"{block}.attn.{part}.bias", width)
        draw(f"{block}.mlp.0.weight", 4 * width, width)
        draw(f"{block}.mlp.0.bias", 4 * width)
        draw(f"{block}.mlp.2.weight", width, 4 * width)
        draw(f"{block}.mlp.2.bias", width)
        for norm in ("attn_ln", "mlp_ln"):
            draw(f"{block}.{norm}.weight", width)
            draw(f"{block}.{norm}.bias", width)
    draw("ln_post.weight", width)
    draw("ln_post.bias", width)
    return found


def safetensors_bytes(tensors: Mapping[str, np.ndarray]) -> bytes:
    """Return a safetensors file of arrays as they are."""
    header, data = {}, b""
    for name, values in tensors.items():
        kind = {"float32": "F32", "float16": "F16", "uint16": "BF16", "int8": "I8"}[
            values.dtype.name
        ]
        raw = np.ascontiguousarray(values).tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": offsets}
        data += raw
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


def openai_bytes(tensors: Tensors) -> bytes:
    """Return OpenAI's layout, a decoder's tensor beside."""
    named = {f"encoder.{name}": values for name, values in tensors.items()}
    return safetensors_bytes({**named, "decoder.ln.weight": np.zeros(3, np.float32)})


def hugging_face_bytes(tensors: Tensors, *, kind: str = "float16") -> bytes:
    """Return Hugging Face's layout."""
    found = {}
    for name, values in tensors.items():
        other = name.replace("blocks.", "layers.").replace("ln_post", "layer_norm")
        other = other.replace("positional_embedding", "embed_positions.weight")
        for ours, theirs in _BLOCK.items():
            if f".{ours}." in other:
                other = other.replace(f".{ours}.", f".{theirs}.")
                break
        found[f"model.encoder.{other}"] = as_kind(values, kind)
    found["model.decoder.layers.0.fc1.weight"] = np.zeros((2, 2), np.float16)
    return safetensors_bytes(found)


def as_kind(values: np.ndarray, kind: str) -> np.ndarray:
    """Return values as float32, float16, or bfloat16's upper halves."""
    if kind == "bfloat16":
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    return values.astype(kind)


def ctranslate2_tensors(tensors: Tensors) -> Tensors:
    """Return the tensors by CTranslate2's names, query, key and value in one."""
    names = {"conv1": "conv1", "conv2": "conv2"}
    found: Tensors = {"position_encodings/encodings": tensors["positional_embedding"]}
    for ours, theirs in names.items():
        for kind in ("weight", "bias"):
            found[f"{theirs}/{kind}"] = tensors[f"{ours}.{kind}"]
    norms = {"ln_post": "layer_norm"}
    blocks = sum(name.endswith("attn_ln.bias") for name in tensors)
    for number in range(blocks):
        ours, theirs = f"blocks.{number}", f"layer_{number}"
        norms[f"{ours}.attn_ln"] = f"{theirs}/self_attention/layer_norm"
        norms[f"{ours}.mlp_ln"] = f"{theirs}/ffn/layer_norm"
        zeros = np.zeros_like(tensors[f"{ours}.attn.query.bias"])
        for kind in ("weight", "bias"):
            rows = [
                tensors.get(f"{ours}.attn.{part}.{kind}", zeros)
                for part in ("query", "key", "value")
            ]
            found[f"{theirs}/self_attention/linear_0/{kind}"] = np.concatenate(rows)
            found[f"{theirs}/self_attention/linear_1/{kind}"] = tensors[f"{ours}.attn.out.{kind}"]
            found[f"{theirs}/ffn/linear_0/{kind}"] = tensors[f"{ours}.mlp.0.{kind}"]
            found[f"{theirs}/ffn/linear_1/{kind}"] = tensors[f"{ours}.mlp.2.{kind}"]
    for ours, theirs in norms.items():
        found[f"{theirs}/gamma"] = tensors[f"{ours}.weight"]
        found[f"{theirs}/beta"] = tensors[f"{ours}.bias"]
    return {f"encoder/{name}": values for name, values in found.items()}


def ctranslate2_bytes(
    tensors: Mapping[str, np.ndarray], *, version: int = 6, types: Mapping[str, int] | None = None
) -> bytes:
    """Return a model.bin of arrays: float32, float16, uint16 for bfloat16, int8."""
    codes = {"float32": 0, "int8": 1, "int16": 2, "float16": 4, "uint16": 5}
    out = struct.pack("<I", version) + _text("WhisperSpec") + struct.pack("<II", 3, len(tensors))
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values).tobytes()
        code = (types or {}).get(name, codes[values.dtype.name])
        out += _text(name) + struct.pack("<B", values.ndim)
        out += b"".join(struct.pack("<I", length) for length in values.shape)
        out += struct.pack("<BI", code, len(raw)) + raw
    return out + struct.pack("<I", 0)


def whole_ctranslate2(tensors: Tensors, kind: str = "float16") -> bytes:
    """Return a model.bin of an encoder, a number and a decoder's tensor beside."""
    named = {name: as_kind(v, kind) for name, v in ctranslate2_tensors(tensors).items()}
    beside = {
        "decoder/x": np.zeros((2, 2), np.float16),
        "encoder/num_heads": np.array(1, np.int16),
    }
    return ctranslate2_bytes({**beside, **named})


def _text(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"
