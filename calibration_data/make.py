"""Make the embedded calibration clips anew: ``python calibration_data/make.py``.

24 synthetic clips, four voices in each of six emotions, as 16 kHz FLAC in ``clips/``, with their
SHA-256 in ``SHA256SUMS``. The sums are of the PCM samples, since encoders differ by version.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from edgeser.corpora import Corpus, read_audio, write_synthetic_corpus

HERE = Path(__file__).resolve().parent
SEED = 20
SPEAKERS = 4
LIMIT_BYTES = 2_000_000


def pcm_hash(samples: NDArray[np.int16]) -> str:
    """Return SHA-256 of little-endian int16 samples, in hexadecimal."""
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()


def synthesise(root: Path) -> Corpus:
    """Write the voices that the clips are taken from."""
    return write_synthetic_corpus(root, seed=SEED, speakers=8, utterances=1)


def chosen_clips(corpus: Corpus) -> list[tuple[str, NDArray[np.int16]]]:
    """Return (name, samples): every emotion of the first voices of either sex, in order."""
    sexes = corpus.sex_of_speakers()
    voices: list[str] = []
    for sex in sorted(set(sexes.values())):
        voices += [name for name, of in sexes.items() if of == sex][: SPEAKERS // 2]
    return [
        (f"{u.emotion}/{u.speaker}_{u.clip_id.rsplit('/', 1)[-1]}", read_audio(u.path))
        for u in corpus.utterances
        if u.speaker in voices
    ]


def main() -> None:
    """Write clips and sums."""
    with tempfile.TemporaryDirectory() as folder:
        clips = chosen_clips(synthesise(Path(folder) / "voices"))
    lines = []
    for name, samples in clips:
        path = HERE / "clips" / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, 16000, subtype="PCM_16")
        lines.append(f"{pcm_hash(samples)}  clips/{name}.flac\n")
    (HERE / "SHA256SUMS").write_text("".join(lines), encoding="ascii")
    size = sum(path.stat().st_size for path in (HERE / "clips").rglob("*.flac"))
    if size > LIMIT_BYTES:
        raise SystemExit(f"{len(clips)} clips take {size} bytes; {LIMIT_BYTES} are allowed")
    print(f"{len(clips)} clips, {size} bytes")


if __name__ == "__main__":
    main()
