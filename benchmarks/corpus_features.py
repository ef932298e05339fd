"""Features of a corpus on all cores: cold and from the cache, against reading the audio alone."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from edgeser.corpora import Corpus, open_corpus, read_audio, write_synthetic_corpus
from edgeser.features import FeatureCache, extract_features
from edgeser.recipe import load_recipe


def _corpus(scratch: Path) -> Corpus:
    given = os.environ.get("EDGESER_CREMAD")
    if given:
        return open_corpus("cremad", Path(given))
    return write_synthetic_corpus(scratch / "voices", speakers=4, utterances=2)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Print seconds and ratios."""
    config = load_recipe("cremad").frontend
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        corpus = _corpus(scratch)
        paths = [utterance.path for utterance in corpus.utterances]
        cache = FeatureCache(scratch / "cache")
        reading = _seconds(lambda: [read_audio(path) for path in paths])
        cold = _seconds(lambda: extract_features(paths, config, cache=cache))
        cached = _seconds(lambda: extract_features(paths, config, cache=cache))
    print(f"features of {len(paths)} clips of {corpus.name}, {len(config.planes)} planes:")
    print(f"  cold {cold:.1f} s, {cold / reading:.2f} x reading the audio on one core")
    print(f"  cached {cached:.2f} s, {cached / cold:.3f} x cold (measured on this host)")


if __name__ == "__main__":
    main()
