"""Training variants in which clips are mixed with other training clips, and the labels of those."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora import Utterance, read_audio
from edgeser.corpora.audio.files import content_hash
from edgeser.features import Variant, chance_of
from edgeser.progress import SILENT, Reporter
from edgeser.training.data import Mixtures
from edgeser.training.mixing import MixingConfig, draw_mix, mix_samples


@dataclass(frozen=True, slots=True, eq=False)
class Mixer:
    """Mixes variants of training clips among each other.

    What is mixed with what depends on the clip's content, the variant's name and the clips to
    choose from, like all else that is drawn for a variant, and not on the recipe's seed: variants
    are cached, and are the same for every seed.

    Parameters
    ----------
    config
        How often and how.
    clips
        The training clips.
    hashes, lengths, silent
        SHA-256 of each, its samples, and whether no sample is other than 0.
    sample_rate
        Of the samples, in Hz.
    """

    config: MixingConfig
    clips: tuple[Utterance, ...]
    hashes: tuple[str, ...]
    lengths: tuple[int, ...]
    silent: tuple[bool, ...]
    sample_rate: int

    def variant(self, inner: Variant) -> Variant:
        """Return a variant that mixes a clip, and then does with it what `inner` does."""

        def apply(samples: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.int16]:
            mix = draw_mix(self.config, len(self.clips), rng)
            if mix is not None:
                other = read_audio(self.clips[mix.partner].sound, sample_rate=self.sample_rate)
                samples = mix_samples(samples, other, mix)
            return inner.apply(samples, rng)

        return Variant(name=f"{inner.name}-mixed-{self._digest()}", apply=apply)

    def mixtures(self, variants: Sequence[Variant]) -> Mixtures:
        """Return who was mixed with whom in what `variant` returned, after the clips as recorded.

        Each entry repeats the draw that the variant makes for the clip.
        """
        count = len(self.clips)
        partners = np.tile(np.arange(count), (1 + len(variants), 1))
        shares = np.zeros(partners.shape, np.float32)
        for row, variant in enumerate(variants, 1):
            for clip, digest in enumerate(self.hashes):
                mix = draw_mix(self.config, count, chance_of(digest, variant.name))
                if mix is None or self.silent[clip] or self.silent[mix.partner]:
                    continue
                partners[row, clip] = mix.partner
                shares[row, clip] = mix.share(self.lengths[clip])
        return Mixtures(partners.astype(np.int64), shares)

    def _digest(self) -> str:
        settings = json.dumps([asdict(self.config), self.hashes, self.sample_rate])
        return hashlib.sha256(settings.encode()).hexdigest()[:16]


def mixer_of(
    config: MixingConfig,
    clips: Sequence[Utterance],
    *,
    sample_rate: int,
    reporter: Reporter = SILENT,
) -> Mixer | None:
    """Look at the training clips that are mixed among each other; `None` where nothing is mixed.

    Raises
    ------
    EdgeserError
        When a clip can no longer be read.
    """
    if config.probability <= 0.0:
        return None
    progress = reporter.stage("Clips to mix")
    hashes, lengths, silent = [], [], []
    for number, clip in enumerate(clips, 1):
        samples = read_audio(clip.sound, sample_rate=sample_rate)
        hashes.append(content_hash(clip.sound))
        lengths.append(samples.size)
        silent.append(not samples.any())
        progress(number, len(clips))
    return Mixer(config, tuple(clips), tuple(hashes), tuple(lengths), tuple(silent), sample_rate)
