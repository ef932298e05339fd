"""What a network said of clips that it was not trained on: what a threshold is chosen by."""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.foundation.npz import ArrayForm, read_npz

MOST_CLIPS = 1 << 16
_LIMIT_ABOUT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Development clips, each as often as it was heard, and what was said of them.

    Parameters
    ----------
    source
        What they are and who said it, in words.
    labels
        int64 ``[rows]``: index of the true class.
    speakers
        One name a row.
    takes
        int64 ``[rows]``: 0 as recorded, 1 under drawn conditions.
    logits
        float32 ``[rows, classes]``, of the float network.
    int8_logits
        int8 ``[rows, classes]``, of the int8 model; `None` before there is one.
    features
        int8, rows x frames x channels x planes, for the int8 model to hear them too; `None` where
        it was trained on them.

    Raises
    ------
    BadInput
        When these do not fit together, or a logit is not finite.
    """

    source: str
    labels: NDArray[np.int64]
    speakers: tuple[str, ...]
    takes: NDArray[np.int64]
    logits: NDArray[np.float32]
    int8_logits: NDArray[np.int8] | None = None
    features: NDArray[np.int8] | None = None

    def __post_init__(self) -> None:
        rows, classes = self.logits.shape
        others = [a for a in (self.int8_logits, self.features) if a is not None]
        lengths = {len(self.labels), len(self.speakers), len(self.takes), *map(len, others)}
        if rows == 0 or lengths != {rows}:
            raise BadInput(f"logits of {rows} development clips do not fit what is said of them")
        if self.int8_logits is not None and self.int8_logits.shape[1] != classes:
            raise BadInput("float and int8 logits of the development clips do not fit together")
        if int(self.labels.min()) < 0 or int(self.labels.max()) >= classes:
            raise BadInput(f"a development clip's label is not among the {classes} classes")
        if not np.isfinite(self.logits).all():
            raise BadInput("a logit of the development clips is not finite")

    def as_recorded(self) -> NDArray[np.bool_]:
        """Return which rows are clips as recorded, bool ``[rows]``; all where there are none."""
        clean = np.asarray(self.takes == 0)
        return clean if clean.any() else ~clean

    def __len__(self) -> int:
        return len(self.labels)


def encode_held_out(held_out: HeldOut) -> bytes:
    """Return .npz bytes that `decode_held_out` reads back; what is `None` has no rows there."""
    names = sorted(set(held_out.speakers))
    index = {name: number for number, name in enumerate(names)}
    nothing = np.zeros((0, held_out.logits.shape[1]), np.int8)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        about=np.array(json.dumps({"source": held_out.source, "speakers": names})),
        labels=held_out.labels,
        speakers=np.array([index[name] for name in held_out.speakers], np.int64),
        takes=held_out.takes,
        logits=held_out.logits,
        int8_logits=nothing if held_out.int8_logits is None else held_out.int8_logits,
        features=np.zeros((0, 0, 0, 0), np.int8)
        if held_out.features is None
        else held_out.features,
    )
    return buffer.getvalue()


def decode_held_out(
    data: bytes, *, where: str, classes: int, window: tuple[int, int, int]
) -> HeldOut:
    """Read what `encode_held_out` wrote; `where` names it in errors.

    Parameters
    ----------
    classes
        Of the network.
    window
        Frames, channels and planes of what it takes: what else the headers claim is not unpacked.

    Raises
    ------
    BadInput
        When it is damaged or something else.
    """
    forms = {
        "about": ArrayForm("U", None, ()),
        "labels": ArrayForm("i", 8, (None,)),
        "speakers": ArrayForm("i", 8, (None,)),
        "takes": ArrayForm("i", 8, (None,)),
        "logits": ArrayForm("f", 4, (None, classes)),
        "int8_logits": ArrayForm("i", 1, (None, classes)),
        "features": ArrayForm("i", 1, (None, None, None, None)),
    }
    limit = MOST_CLIPS * (32 + 5 * classes) + 4096 * math.prod(window) + _LIMIT_ABOUT_BYTES
    try:
        members = read_npz(data, forms=forms, limit_bytes=limit)
        about = json.loads(str(members["about"]))
        names = [str(name) for name in about["speakers"]]
        places = members["speakers"]
        if places.size and not 0 <= int(places.min()) <= int(places.max()) < len(names):
            raise ValueError("a speaker has no name")
        features = members["features"]
        if len(features) and features.shape[1:] != window:
            raise ValueError(f"features are {list(features.shape)}, not of windows {list(window)}")
        return HeldOut(
            source=str(about["source"]),
            labels=members["labels"],
            speakers=tuple(names[place] for place in places),
            takes=members["takes"],
            logits=members["logits"],
            int8_logits=members["int8_logits"] if len(members["int8_logits"]) else None,
            features=features if len(features) else None,
        )
    except (ValueError, KeyError, TypeError, RecursionError, BadInput) as error:
        raise BadInput(
            f"cannot use the development clips in {where}: {error}",
            hint="make it anew with 'edgeser train' or 'edgeser export'",
        ) from error
