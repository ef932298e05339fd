"""What a public embedding says of the clips of a training, as its loss is given it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora import Utterance, read_audio
from edgeser.features.public_embedding import PublicEmbedding
from edgeser.progress import SILENT, Reporter
from quantize.foundation.cores import on_all_cores

_PARTS = ("train", "development")
_SAMPLE_RATE = 16_000


def public_embeddings(
    parts: Mapping[str, Sequence[Utterance]], *, reporter: Reporter = SILENT
) -> dict[str, NDArray[np.float32]]:
    """Return float32 [clips, values] of training and development clips as they were recorded.

    Each value has mean 0 and deviation 1 over the training clips. About 25 ms a clip and core;
    nothing is cached.

    Raises
    ------
    ToolMissing
        When the package is not installed.
    EdgeserError
        When a clip can no longer be read.
    """
    model = PublicEmbedding()

    def one(utterance: Utterance) -> NDArray[np.float32]:
        return model.of(read_audio(utterance.sound, sample_rate=_SAMPLE_RATE))

    found = {}
    for part in _PARTS:
        progress = reporter.stage(f"Public embedding of {part} clips")
        rows = []
        for row in on_all_cores(one, parts[part]):
            rows.append(row)
            progress(len(rows), len(parts[part]))
        found[part] = np.stack(rows)
    mean, deviation = found["train"].mean(axis=0), found["train"].std(axis=0)
    scale = np.where(deviation > 0.0, deviation, 1.0)
    return {part: np.asarray((x - mean) / scale, np.float32) for part, x in found.items()}
