"""An explanation as one HTML page a clip, as JSON, and in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgeser.explanation.config import Occlusion
from edgeser.explanation.records import Explanation
from edgeser.report.explained_charts import plane_maps, waveform
from edgeser.report.html import page
from edgeser.report.json_format import dump_json
from quantize.foundation.files import write_atomically

SCHEMA = "edgeser.explain/1"
_BANDS = ("lower", "middle", "upper")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 60


def page_names(paths: Sequence[Path | str]) -> list[str]:
    """Return a name for each clip's files: its own in safe letters, and none twice.

    >>> page_names(["a/x.wav", "b/x.wav", "<&>.wav"])
    ['x', 'x-2', 'clip']
    """
    names: list[str] = []
    taken: set[str] = set()
    for path in paths:
        stem = _UNSAFE.sub("-", Path(path).stem).strip("-")[:_LONGEST] or "clip"
        name, number = stem, 1
        while name.lower() in taken or name.lower() in _RESERVED:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.lower())
        names.append(name)
    return names


_RESERVED = {"explained", "corpus", "index"}


def sentence(found: Explanation) -> str:
    """Return what was found, in words."""
    sure = found.probabilities[found.answer]
    text = f"{found.told.name}: {found.answer} ({sure:.0%})"
    if not found.stretches:
        return f"{text}; nothing in it speaks for that more than against it"
    first = found.stretches[0]
    together = sum(stretch.share for stretch in found.stretches)
    band = max(range(len(found.bands)), key=found.bands.__getitem__)
    text += (
        f"; most of all for {first.start_s:.2f} to {first.end_s:.2f} s, where {first.share:.0%} "
        f"lies of what speaks for it ({together:.0%} in {len(found.stretches)} stretches); mostly "
        f"in the {_BANDS[band]} third of the channels ({found.bands[band]:.0%})"
    )
    if len(found.planes) > 1:
        shares = [f"{name} {share:.0%}" for name, share in found.shares.items() if share]
        text += f"; planes: {', '.join(shares)}"
    return text


def write_pages(folder: Path, name: str, found: Explanation) -> None:
    """Write ``NAME.html`` and ``NAME.json`` of a clip.

    Raises
    ------
    BadInput
        When they cannot be written.
    CheckFailed
        When a figure is NaN or infinite.
    """
    whole = {**clip_json(found), "saliency": _map_json(found)}
    write_atomically(folder / f"{name}.json", dump_json({"schema": SCHEMA, **whole}).encode())
    write_atomically(folder / f"{name}.html", render_clip(found).encode())


def render_clip(found: Explanation) -> str:
    """Return the page of a clip."""
    return page("explained.html.j2").render(
        found=found,
        sentence=sentence(found),
        maps=plane_maps(found),
        wave=waveform(found.samples, found.sample_rate, found.stretches),
        probabilities=sorted(found.probabilities.items(), key=lambda item: -item[1]),
    )


def explained_json(model_sha256: str, found: Sequence[Explanation]) -> dict[str, Any]:
    """Return what is printed of several clips: everything but the maps."""
    return {
        "schema": SCHEMA,
        "model_sha256": model_sha256,
        "clips": [clip_json(item) for item in found],
    }


def clip_json(found: Explanation) -> dict[str, Any]:
    """Return what was found of a clip, without its map."""
    return {
        "clip": found.told.name,
        "truth": found.told.label or None,
        "speaker": found.told.speaker or None,
        "answer": found.answer,
        "probabilities": found.probabilities,
        "log_odds": found.log_odds,
        "sentence": sentence(found),
        "windows": found.windows,
        "engine": found.engine,
        "inferences": found.saliency.inferences,
        "seconds": found.seconds,
        "occlusion": _occlusion_json(found.occlusion),
        "stretches": [
            {"start_s": s.start_s, "end_s": s.end_s, "share": s.share} for s in found.stretches
        ],
        "plane_shares": found.shares,
        "hidden_planes": found.hidden_planes,
        "band_shares": dict(zip(_BANDS, found.bands, strict=True)),
    }


def _occlusion_json(occlusion: Occlusion) -> dict[str, Any]:
    return {
        "channels": occlusion.channels,
        "frames": occlusion.frames,
        "channel_stride": occlusion.channel_stride,
        "frame_stride": occlusion.frame_stride,
        "fill": occlusion.fill.value,
    }


def _map_json(found: Explanation) -> dict[str, Any]:
    """Return the map, by plane a row for each frame, lowest channel first."""
    return {
        "unit": "fall of the natural logarithm of the answer's odds",
        "hop_ms": found.hop_ms,
        "planes": {
            plane: [[round(float(v), 5) for v in row] for row in found.saliency.cells[:, :, number]]
            for number, plane in enumerate(found.planes)
        },
    }
