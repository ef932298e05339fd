"""Features of corpora on all cores: cold and from the cache, against reading the audio alone."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from edgeser.corpora import open_corpus, read_audio, write_synthetic_corpus
from edgeser.features import FeatureCache, extract_features
from edgeser.recipe import load_recipe

_FOLDERS = {"cremad": "CREMA-D", "ravdess": "RAVDESS", "nemo": "nEMO", "emodb": "EMO-DB"}


def _recordings(scratch: Path) -> tuple[str, list[Path]]:
    """Return the recordings of every corpus in EDGESER_SHARED, or synthetic voices."""
    given = os.environ.get("EDGESER_SHARED")
    corpora = [
        open_corpus(name, Path(given) / "corpora" / folder)
        for name, folder in _FOLDERS.items()
        if given and (Path(given) / "corpora" / folder).is_dir()
    ] or [write_synthetic_corpus(scratch / "voices", speakers=4, utterances=2)]
    names = " + ".join(corpus.name for corpus in corpora)
    return names, [utterance.path for corpus in corpora for utterance in corpus.utterances]


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Print seconds and ratios."""
    config = load_recipe("speech").frontend
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        names, paths = _recordings(scratch)
        cache = FeatureCache(scratch / "cache")
        reading = _seconds(lambda: [read_audio(path) for path in paths])
        cold = _seconds(lambda: extract_features(paths, config, cache=cache))
        cached = _seconds(lambda: extract_features(paths, config, cache=cache))
    print(f"features of {len(paths)} clips of {names}, {len(config.planes)} planes:")
    print(f"  cold {cold:.1f} s, {cold / reading:.2f} x reading the audio on one core")
    print(f"  cached {cached:.2f} s, {cached / cold:.3f} x cold (measured on this host)")


if __name__ == "__main__":
    main()
